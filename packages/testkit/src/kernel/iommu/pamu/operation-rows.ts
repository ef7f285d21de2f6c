// The rows of the operation mapping table that Linux fills at boot.
//
// A byte for each ingress operation: the egress operation with bit 7 set, or 0 for "not allowed".
// A passthrough device uses none of them; portals, FMan and CAAM do.

const VALID = 0x80;
const ROW_BYTES = 128;

/** Ingress operations by their index in a row. */
const READ = 0x00;
const WRITE = 0x01;
const EREAD0 = 0x02;
const EWRITE0 = 0x03;
const DIRECT0 = 0x04;
const DIRECT1 = 0x07;

/** Egress operations. */
const TO_READ = 0x00;
const TO_WRITE = 0x01;
const TO_LDEC = 0x10;
const TO_LDECPE = 0x12;
const TO_RSA = 0x16;
const TO_READI = 0x18;
const TO_WWSA = 0x1b;
const TO_WWSAO = 0x1d;

const ROWS: readonly (readonly (readonly [ingress: number, egress: number])[])[] = [
  // QMan portals
  [
    [READ, TO_READ],
    [WRITE, TO_WRITE],
    [EREAD0, TO_RSA],
    [EWRITE0, TO_WWSAO],
    [DIRECT0, TO_LDEC],
    [DIRECT1, TO_LDECPE],
  ],
  // FMan
  [
    [READ, TO_READI],
    [WRITE, TO_WRITE],
  ],
  // QMan's private memory
  [
    [READ, TO_READ],
    [WRITE, TO_WRITE],
    [EREAD0, TO_RSA],
    [EWRITE0, TO_WWSA],
  ],
  // CAAM
  [
    [READ, TO_READI],
    [WRITE, TO_WRITE],
  ],
];

/** Writes the rows into a zeroed table of `rows` rows. */
export function writeOperationRows(table: Uint8Array, rows: number): void {
  for (const [row, mappings] of ROWS.slice(0, rows).entries())
    for (const [ingress, egress] of mappings) table[row * ROW_BYTES + ingress] = VALID | egress;
}
