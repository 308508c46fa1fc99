#!/usr/bin/env node
// Emotions of the faces in pictures, from a `mien serve` of our own. Needs Node 18.3 and nothing else: the wire and a small protobuf codec, which takes
// its field numbers from mien.desc, are all in here.
//
//   node face.mjs [--estimator ID] [--categories NAME,NAME...] PICTURE...
//
// Exit codes: 0 all answered, 1 some pictures failed, 64 wrong usage, 69 the host could not be started or ended early, 76 it broke the protocol.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

class HostGone extends Error {}
class ProtocolError extends Error {}

// ---- Protobuf. A message type is { name: { number, type, repeated, of } }, where `of` is the type of a message field. ----

const WIRE = { double: 1, fixed64: 1, sfixed64: 1, float: 5, fixed32: 5, sfixed32: 5, string: 2, bytes: 2, message: 2 };
const wireOf = (field) => WIRE[field.type] ?? 0;

function decode(type, bytes) {
  const byNumber = new Map(Object.entries(type).map(([name, field]) => [field.number, { name, ...field }]));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message = {};
  let at = 0;
  const need = (count) => {
    if (at + count > bytes.length) throw new ProtocolError("a message is truncated");
  };
  // `<<` works on 32 bits only, so everything past the first 28 goes through BigInt.
  const varint = () => {
    let low = 0;
    let high = 0n;
    for (let shift = 0; shift < 70; shift += 7) {
      need(1);
      const byte = bytes[at++];
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return high === 0n ? low : BigInt.asUintN(64, high | BigInt(low));
    }
    throw new ProtocolError("a varint is too long");
  };
  const number = (value) => (typeof value === "bigint" && value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value);
  const scalar = (kind, wire) => {
    if (wire === 5) {
      need(4);
      at += 4;
      return kind === "float" ? view.getFloat32(at - 4, true) : kind === "sfixed32" ? view.getInt32(at - 4, true) : view.getUint32(at - 4, true);
    }
    if (wire === 1) {
      need(8);
      at += 8;
      return kind === "double" ? view.getFloat64(at - 8, true) : number(kind === "sfixed64" ? view.getBigInt64(at - 8, true) : view.getBigUint64(at - 8, true));
    }
    const value = varint();
    switch (kind) {
      case "bool": return Number(value) !== 0;
      case "int32": case "enum": return Number(BigInt.asIntN(32, BigInt(value)));
      case "int64": return number(BigInt.asIntN(64, BigInt(value)));
      case "sint32": case "sint64": return number((BigInt(value) >> 1n) ^ -(BigInt(value) & 1n));
      default: return number(value);
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const field = byNumber.get(Math.floor(tag / 8));
    let value;
    if (wire === 2) {
      const length = Number(varint());
      need(length);
      const part = bytes.subarray(at, at + length);
      if (field && wireOf(field) !== 2) { // packed
        const end = at + length;
        message[field.name] ??= [];
        while (at < end) message[field.name].push(scalar(field.type, wireOf(field)));
        continue;
      }
      at += length;
      if (field) value = field.type === "message" ? decode(field.of(), part) : field.type === "string" ? part.toString("utf8") : part;
    } else if (wire === 0 || wire === 1 || wire === 5) {
      value = scalar(field?.type, wire);
    } else {
      throw new ProtocolError(`wire type ${wire} is unknown`);
    }
    if (!field) continue; // from a newer host
    if (field.repeated) (message[field.name] ??= []).push(value);
    else message[field.name] = value;
  }
  return message;
}

function encode(type, message) {
  const parts = [];
  const varint = (value) => {
    const bytes = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      if (rest < 0x80n) return parts.push(Buffer.from([...bytes, Number(rest)]));
      bytes.push(Number(rest & 0x7fn) | 0x80);
    }
  };
  for (const [name, content] of Object.entries(message)) {
    const field = type[name];
    if (!field) throw new TypeError(`there is no field ${name}`);
    for (const value of field.repeated ? content : [content]) {
      varint(field.number * 8 + wireOf(field));
      if (wireOf(field) === 2) {
        const bytes = field.type === "message" ? encode(field.of(), value) : Buffer.from(value);
        varint(bytes.length);
        parts.push(bytes);
      } else if (wireOf(field) === 0) {
        varint(value); // sint32 and sint64 do not occur in what we send
      } else {
        throw new TypeError(`fields of type ${field.type} cannot be sent`);
      }
    }
  }
  return Buffer.concat(parts);
}

// The message types of a descriptor set, by full name. Only these few field numbers, of google/protobuf/descriptor.proto, are written by hand.
function messageTypes(descriptorSet) {
  const FieldType = { name: { number: 1, type: "string" }, number: { number: 3, type: "int32" }, label: { number: 4, type: "enum" }, type: { number: 5, type: "enum" }, typeName: { number: 6, type: "string" } };
  const MessageType = { name: { number: 1, type: "string" }, fields: { number: 2, type: "message", repeated: true, of: () => FieldType }, nested: { number: 3, type: "message", repeated: true, of: () => MessageType } };
  const FileType = { package: { number: 2, type: "string" }, messages: { number: 4, type: "message", repeated: true, of: () => MessageType } };
  const SetType = { files: { number: 1, type: "message", repeated: true, of: () => FileType } };
  const names = ["", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "group", "message", "bytes", "uint32", "enum", "sfixed32", "sfixed64", "sint32", "sint64"];
  const types = {};
  const add = (prefix, { name, fields = [], nested = [] }) => {
    types[prefix + name] = Object.fromEntries(fields.map((field) => [field.name,
      { number: field.number, type: names[field.type], repeated: field.label === 3, of: () => types[field.typeName.slice(1)] }]));
    for (const inner of nested) add(`${prefix}${name}.`, inner);
  };
  for (const file of decode(SetType, descriptorSet).files) for (const message of file.messages ?? []) add(`${file.package}.`, message);
  return types;
}

const types = messageTypes(readFileSync(new URL("mien.desc", import.meta.url)));
const Frame = types["mien.v1.Frame"];

// ---- The wire: a 4-byte big-endian length, then a Frame; the first in each direction is a Hello. ----

const FRAME_LIMIT = 16 << 20;
const CHUNK = 64 << 10;
const CODES = ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"];

class CallError extends Error {
  constructor(status) {
    super(`${CODES[status.code] ?? status.code}: ${status.message ?? ""}`);
    this.code = status.code;
  }
}

class Host {
  #calls = new Map(); // number -> { resolve, reject, parts }
  #nextCall = 1;
  #chunks = [];
  #buffered = 0;
  #wanted = null; // length of the frame that is arriving
  #ended = null; // why nothing works any more

  static async start(command = process.env.MIEN_COMMAND ?? "mien") {
    const host = new Host();
    host.process = spawn(command, ["serve"], { stdio: ["pipe", "pipe", "inherit"], windowsHide: true });
    host.exit = new Promise((done) => host.process.once("close", (code, signal) => done(signal ?? code)));
    host.process.once("error", (error) => host.#fail(new HostGone(`cannot start the host: ${error.message}`)));
    host.process.once("close", (code, signal) => host.#fail(new HostGone(`the host ended with ${signal ?? `code ${code}`}`)));
    host.process.stdin.on("error", () => {}); // EPIPE: the host is gone, and "close" says how
    host.process.stdout.on("data", (chunk) => {
      try {
        host.#receive(chunk);
      } catch (error) {
        host.#fail(error);
        host.process.kill();
      }
    });
    const hello = new Promise((resolve, reject) => host.#calls.set(0, { resolve, reject }));
    host.#send({ hello: { magic: "mien", min_major: 1, max_major: 1, peer_name: "face.mjs", pid: process.pid } }).catch(() => {});
    await hello;
    return host;
  }

  async unary(method, requestType, request, answerType) {
    const message = encode(types[requestType], request);
    if (message.length > CHUNK) throw new TypeError("this small client sends no messages over 64 KiB; send a path instead");
    const call = this.#nextCall;
    this.#nextCall += 2;
    const answer = new Promise((resolve, reject) => this.#calls.set(call, { resolve, reject, parts: [] }));
    answer.catch(() => {}); // it may fail before the line below waits for it
    await this.#send({ call, open: { method, message, half_close: true } });
    return decode(types[answerType], await answer);
  }

  // The host ends with its input, after what is running.
  async close() {
    this.process.stdin.end();
    return this.exit;
  }

  // Resolves when there is room for more: one who waits for it cannot fill memory.
  async #send(frame) {
    if (this.#ended) throw this.#ended;
    const bytes = encode(Frame, frame);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(bytes.length);
    if (this.process.stdin.write(Buffer.concat([header, bytes]))) return;
    await new Promise((resolve) => {
      const done = () => {
        this.process.stdin.off("drain", done).off("close", done);
        resolve();
      };
      this.process.stdin.on("drain", done).on("close", done);
    });
    if (this.#ended) throw this.#ended;
  }

  #take(count) {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = all.length > count ? [all.subarray(count)] : [];
    this.#buffered -= count;
    return all.subarray(0, count);
  }

  #receive(chunk) {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    for (;;) {
      if (this.#wanted === null) {
        if (this.#buffered < 4) return;
        const header = this.#take(4);
        this.#wanted = header.readUInt32BE();
        if (this.#wanted > FRAME_LIMIT) throw new ProtocolError(`the host sent something other than a frame: ${JSON.stringify(header.toString("latin1"))}`);
      }
      if (this.#buffered < this.#wanted) return;
      const frame = decode(Frame, this.#take(this.#wanted));
      this.#wanted = null;
      this.#handle(frame);
    }
  }

  #handle({ call = 0, hello, message, status }) {
    const waiting = this.#calls.get(call);
    if (hello) {
      if (hello.magic !== "mien") throw new ProtocolError("the other side is not a mien host");
      this.#calls.delete(0);
      waiting?.resolve(hello);
    } else if (message && waiting) {
      const data = message.data ?? Buffer.alloc(0);
      waiting.parts.push(Buffer.from(data));
      // What was read may be sent anew, on this call and on the connection.
      if (data.length > 0) for (const number of [call, 0]) this.#send({ call: number, credit: { bytes: data.length } }).catch(() => {});
    } else if (status && waiting) {
      this.#calls.delete(call);
      if (status.code) waiting.reject(new CallError(status));
      else waiting.resolve(status.answer ? Buffer.from(status.answer) : Buffer.concat(waiting.parts));
    }
  }

  #fail(error) {
    this.#ended ??= error;
    for (const waiting of this.#calls.values()) waiting.reject(this.#ended);
    this.#calls.clear();
  }
}

// ---- The example itself. ----

// The three strongest emotions, by how much each exceeds a neutral face where that is known, and those on which the estimator abstains.
function describe({ categories = [], attributes = [] }) {
  const signed = (value) => (value < 0 ? "" : "+") + value.toFixed(2);
  const parts = categories.filter(({ abstained }) => !abstained).slice(0, 3).map(({ name, intensity = 0, above_neutral: above }) =>
    `${name} ${intensity.toFixed(2)}${above === undefined ? "" : ` (${signed(above)} above neutral)`}`);
  const withheld = categories.filter(({ abstained }) => abstained).map(({ name }) => name);
  if (withheld.length > 0) parts.push(`no estimate of ${withheld.join(", ")}`);
  for (const { name, value = 0, scale = {}, low_end: low, high_end: high } of attributes) {
    parts.push(`${name} ${value.toFixed(1)} (${low} ${scale.minimum ?? 0} to ${high} ${scale.maximum ?? 0})`);
  }
  return parts.join(", ");
}

async function main(pictures, { estimator = "", categories = "" }) {
  const wishes = { estimator, options: { categories: categories === "" ? [] : categories.split(",") } };
  const host = await Host.start();
  let failed = 0;
  // Asked all at once, up to a number that any host accepts; printed in order.
  for (let start = 0; start < pictures.length; start += 16) {
    const group = pictures.slice(start, start + 16);
    const answers = await Promise.allSettled(group.map((picture) =>
      host.unary("/mien.v1.Estimation/EstimateFace", "mien.v1.EstimateFaceRequest", { path: resolve(picture), ...wishes }, "mien.v1.EstimateFaceResponse")));
    for (const [place, answer] of answers.entries()) {
      if (answer.status === "rejected") {
        if (!(answer.reason instanceof CallError)) throw answer.reason;
        failed += 1;
        console.error(`${group[place]}: ${answer.reason.message}`);
        continue;
      }
      const estimates = answer.value.estimates ?? [];
      console.log(`${group[place]}: ${estimates.length} face${estimates.length === 1 ? "" : "s"}`);
      for (const estimate of estimates) {
        const { left = 0, top = 0, width = 0, height = 0 } = estimate.face?.box ?? {};
        console.log(`  ${width.toFixed(0)}x${height.toFixed(0)} at ${left.toFixed(0)},${top.toFixed(0)}: ${describe(estimate)}`);
      }
    }
  }
  await host.close();
  return failed > 0 ? 1 : 0;
}

process.stdout.on("error", (error) => process.exit(error.code === "EPIPE" ? 0 : 74)); // somebody reads with `head`

// Null for wrong usage.
function commandLine() {
  try {
    const found = parseArgs({ allowPositionals: true, options: { estimator: { type: "string" }, categories: { type: "string" } } });
    if (found.positionals.length > 0) return found;
  } catch (error) {
    console.error(`face.mjs: ${error.message}`);
  }
  console.error("usage: node face.mjs [--estimator ID] [--categories NAME,NAME...] PICTURE...");
  return null;
}

const found = commandLine();
if (found === null) {
  process.exitCode = 64;
} else {
  try {
    process.exitCode = await main(found.positionals, found.values);
  } catch (error) {
    if (!(error instanceof HostGone || error instanceof ProtocolError)) throw error;
    console.error(`face.mjs: ${error.message}`);
    process.exitCode = error instanceof ProtocolError ? 76 : 69;
  }
}
