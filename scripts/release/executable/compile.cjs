/** How the modules of an executable are compiled: in the same way when it is made and when it runs, or V8 starts anew. */
const { Script, constants } = require('node:vm');

/**
 * @param {string} text of a CommonJS module
 * @param {{ filename: string, code?: Uint8Array }} options `code`: what V8 made of the same text
 * @returns {Script} whose result is a function that runs the module
 */
exports.compile = (text, { filename, code }) =>
  new Script(
    `(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!.*/, '')}\n})`,
    {
      filename,
      cachedData: code,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    },
  );
