/** Code, which is left alone, or a link or an image. */
const PART =
  /^( *)(`{3,})[^\n]*\n[\s\S]*?^\1\2$|`[^`\n]*`|(!?)\[((?:`[^`\n]*`|[^\]])*)\]\(([^)\s"#]*)(#[^)\s"]*)?(?: "[^"]*")?\)/gm;

/**
 * A page for readers who do not have all that it links to.
 *
 * @param {string} markdown
 * @param {(path: string) => string | undefined} placeOf where they have a file; without it, the link becomes text
 */
export function relink(markdown, placeOf) {
  return markdown.replaceAll(PART, (whole, _indent, _fence, image, text, path, anchor = '') => {
    if (text === undefined || image === '!' || path === '' || /^[a-z]+:/.test(path)) return whole;
    const place = placeOf(path);
    return place === undefined ? text : `[${text}](${place}${anchor})`;
  });
}
