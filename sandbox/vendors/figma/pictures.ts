// Draws a component as a plain picture in any of Figma's formats: small files that every viewer opens. Pure.
import { crc32, deflateSync } from 'node:zlib';

export const FORMATS = ['png', 'jpg', 'svg', 'pdf'] as const;
export type Format = (typeof FORMATS)[number];

export interface Picture {
  readonly type: string;
  readonly body: Uint8Array | string;
}

/** The colour of the brand, 0 to 255 each. */
const RED = 11;
const GREEN = 79;
const BLUE = 108;

export function drawPicture(format: Format, name: string, width: number, height: number): Picture {
  switch (format) {
    case 'png':
      return { type: 'image/png', body: pngOf(width, height) };
    case 'jpg':
      return { type: 'image/jpeg', body: jpegOf(width, height) };
    case 'svg':
      return { type: 'image/svg+xml', body: svgOf(name, width, height) };
    case 'pdf':
      return { type: 'application/pdf', body: pdfOf(width, height) };
  }
}

// One bit a pixel, all zero, and a palette whose first colour is the brand's.
function pngOf(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 3, 0, 0, 0], 8);
  const lines = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  const chunks = [
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from([RED, GREEN, BLUE])),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...chunks]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

// Grey all over: each block of 8 by 8 is as bright as the one before (code 0) and has no detail (code 0).
function jpegOf(width: number, height: number): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const oneCode = [1, ...Buffer.alloc(15), 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, [0, ...Buffer.alloc(64, 16)]),
    segment(0xc0, [8, ...size, 1, 1, 0x11, 0]),
    segment(0xc4, [0x00, ...oneCode]),
    segment(0xc4, [0x10, ...oneCode]),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    Buffer.alloc(Math.ceil((blocks * 2) / 8)),
    Buffer.from([0xff, 0xd9]),
  ]);
}

function segment(marker: number, content: readonly number[]): Buffer {
  const length = content.length + 2;
  return Buffer.from([0xff, marker, length >> 8, length & 0xff, ...content]);
}

function svgOf(name: string, width: number, height: number): string {
  const fill = `rgb(${RED},${GREEN},${BLUE})`;
  const text = `<text x="50%" y="50%" fill="white" text-anchor="middle" font-family="sans-serif">${name}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${fill}"/>${text}</svg>\n`;
}

function pdfOf(width: number, height: number): string {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] >>`,
  ].map((body, index) => `${index + 1} 0 obj\n${body}\nendobj\n`);
  const head = '%PDF-1.4\n';
  const starts = objects.map((_, index) => head.length + objects.slice(0, index).join('').length);
  const table = starts.map((start) => `${String(start).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const text = head + objects.join('');
  return `${text}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`;
}
