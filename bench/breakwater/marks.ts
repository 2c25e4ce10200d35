// The instants of this process, shared between its program and the tool that the app loads from the workflows folder.
import { createMarks } from '../marks.ts';

export const marks = createMarks();
