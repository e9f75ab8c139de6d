/** What the gRPC doors are opened with: all of it is loaded when the first of them is. */
export { greeter } from '../go-leaf/greeter.ts';
export { idService } from './id-service.ts';
export { listenGrpc } from './server.ts';
