#!/usr/bin/env python3
"""Writes the Swift value types over protobuf-c's structs, the umbrella header and the embedded descriptor set.

usage: generate_swift_messages.py ALL.bin REFLECTION.bin C_TARGET_DIR SWIFT_DIR

ALL.bin is a FileDescriptorSet of everything to generate; REFLECTION.bin one of what the host tells its callers. Both are read by the
small parser below, so that nothing beyond Python's standard library is needed. Called by Scripts/generate-protos.
"""
import os
import sys

# ---- reading protobuf ------------------------------------------------------------------------------------------------


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """Field number -> list of raw values (ints, or bytes for length-delimited fields)."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = data[at:at + 8], at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif kind == 5:
            value, at = data[at:at + 4], at + 4
        else:
            raise ValueError(f"wire type {kind}")
        found.setdefault(tag >> 3, []).append(value)
    return found


def one(found, number, default=None):
    return found[number][-1] if number in found else default


def text(found, number):
    return one(found, number, b"").decode()


def path_of(data):
    path, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        path.append(value)
    return tuple(path)


# ---- the model -------------------------------------------------------------------------------------------------------

DOUBLE, FLOAT, INT64, UINT64, INT32, FIXED64, FIXED32, BOOL, STRING, GROUP, MESSAGE, BYTES, UINT32, ENUM, SFIXED32, SFIXED64, SINT32, SINT64 = range(1, 19)
SWIFT_NUMBER = {DOUBLE: "Double", FLOAT: "Float", INT64: "Int64", UINT64: "UInt64", INT32: "Int32", FIXED64: "UInt64", FIXED32: "UInt32",
                UINT32: "UInt32", SFIXED32: "Int32", SFIXED64: "Int64", SINT32: "Int32", SINT64: "Int64"}
SWIFT_KEYWORDS = set("""associatedtype class deinit enum extension fileprivate func import init inout internal let open operator package private
    precedencegroup protocol public rethrows static struct subscript typealias var break case catch continue default defer do else fallthrough
    for guard if in repeat return throw switch where while any as await false is nil self Self super throws true try""".split())
CPP_KEYWORDS = set("""and auto bool break case catch char class const continue default delete do double else enum explicit export extern false
    float for friend goto if inline int long mutable namespace new not operator or private protected public register return short signed sizeof
    static struct switch template this throw true try typedef typeid typename union unsigned using virtual void volatile while xor""".split())


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def lower_camel(name):
    whole = camel(name)
    return whole[:1].lower() + whole[1:]


def snake(name):
    out, was_upper = "", True
    for letter in name:
        if letter.isupper():
            out += ("" if was_upper else "_") + letter.lower()
            was_upper = True
        else:
            out += letter
            was_upper = False
    return out


def c_type(full):
    return "__".join(camel(part) for part in full.split("."))


def c_lower(full):
    return "__".join(snake(part) for part in full.split("."))


def quoted(name):
    return f"`{name}`" if name in SWIFT_KEYWORDS else name


class Field:
    def __init__(self, data, proto3, comment):
        found = fields(data)
        self.name = text(found, 1)
        self.number = one(found, 3)
        self.repeated = one(found, 4) == 3
        self.required = one(found, 4) == 2
        self.type = one(found, 5)
        self.type_name = text(found, 6).lstrip(".")
        self.oneof = one(found, 9)
        self.proto3 = proto3
        self.comment = comment
        self.deprecated = bool(one(fields(one(found, 8, b"")), 3, 0))
        if self.type == GROUP:
            raise SystemExit(f"generate_swift_messages: field {self.name} is a group")

    @property
    def swift(self):
        return quoted(lower_camel(self.name))

    @property
    def c(self):
        name = self.name.lower()
        return name + "_" if name in CPP_KEYWORDS else name


class Enum:
    def __init__(self, data, scope, comments, path):
        found = fields(data)
        self.name = text(found, 1)
        self.full = f"{scope}.{self.name}"
        self.comment = comments.get(path, "")
        self.values = []
        for index, value in enumerate(found.get(2, [])):
            inner = fields(value)
            number = one(inner, 2, 0)
            self.values.append((text(inner, 1), number - (1 << 64) if number >> 63 else number, comments.get(path + (2, index), "")))


class Message:
    def __init__(self, data, scope, proto3, comments, path):
        found = fields(data)
        self.name = text(found, 1)
        self.full = f"{scope}.{self.name}"
        self.comment = comments.get(path, "")
        every = [Field(value, proto3, comments.get(path + (2, index), "")) for index, value in enumerate(found.get(2, []))]
        # Deprecated fields have no Swift side.
        self.fields = [field for field in every if not field.deprecated]
        self.oneofs = [text(fields(value), 1) for value in found.get(8, [])]
        self.oneof_comments = [comments.get(path + (8, index), "") for index in range(len(self.oneofs))]
        self.messages = [Message(value, self.full, proto3, comments, path + (3, index)) for index, value in enumerate(found.get(3, []))]
        self.enums = [Enum(value, self.full, comments, path + (4, index)) for index, value in enumerate(found.get(4, []))]
        self.is_map_entry = bool(one(fields(one(found, 7, b"")), 7, 0))


class File:
    def __init__(self, data):
        found = fields(data)
        self.name = text(found, 1)
        self.package = text(found, 2)
        proto3 = text(found, 12) == "proto3"
        comments = {}
        # Comments are carried over from our own files only.
        if not self.package.startswith("google."):
            for location in fields(one(found, 9, b"")).get(1, []):
                inner = fields(location)
                if 3 in inner:
                    comments[path_of(one(inner, 1, b""))] = text(inner, 3)
        self.messages = [Message(value, self.package, proto3, comments, (4, index)) for index, value in enumerate(found.get(4, []))]
        self.enums = [Enum(value, self.package, comments, (5, index)) for index, value in enumerate(found.get(5, []))]


# ---- writing Swift ---------------------------------------------------------------------------------------------------

class Writer:
    def __init__(self):
        self.lines, self.depth = [], 0

    def __call__(self, line=""):
        self.lines.append(("    " * self.depth + line) if line else "")

    def comment(self, words):
        for line in words.rstrip("\n").split("\n") if words else []:
            self(("/// " + line.strip()).rstrip())

    def open(self, line):
        self(line)
        self.depth += 1

    def close(self, line="}"):
        self.depth -= 1
        self(line)


class Generator:
    def __init__(self, files):
        self.files = files
        self.swift_names, self.entries, taken = {}, {}, {}
        for file in files:
            for thing in file.messages + file.enums:
                if taken.setdefault(thing.name, thing.full) != thing.full:
                    raise SystemExit(f"generate_swift_messages: {thing.full} and {taken[thing.name]} would share a Swift name")
                self.name(thing, "Proto")

    def name(self, thing, scope):
        # `X.Type` and `X.Protocol` mean something else in Swift.
        own = thing.name + "Enum" if thing.name in ("Type", "Protocol") else thing.name
        self.swift_names[thing.full] = f"{scope}.{own}"
        if isinstance(thing, Message):
            if thing.is_map_entry:
                self.entries[thing.full] = thing
            for inner in thing.messages + thing.enums:
                self.name(inner, f"{scope}.{own}")

    def element(self, field):
        if field.type in SWIFT_NUMBER:
            return SWIFT_NUMBER[field.type]
        return {BOOL: "Bool", STRING: "String", BYTES: "[UInt8]"}.get(field.type) or self.swift_names[field.type_name]

    def declared(self, field):
        """Type and default of a field outside of oneofs with several members."""
        if field.type_name in self.entries:
            key, value = self.entries[field.type_name].fields
            return f"[{self.element(key)}: {self.element(value)}]", "[:]"
        if field.repeated:
            return f"[{self.element(field)}]", "[]"
        if field.type == MESSAGE or field.oneof is not None or not (field.proto3 or field.required):
            return f"{self.element(field)}?", "nil"
        if field.type == ENUM:
            return self.element(field), ".init(rawValue: 0)"
        return self.element(field), {BOOL: "false", STRING: '""', BYTES: "[]"}.get(field.type, "0")

    def from_c(self, field, expression):
        if field.type == BOOL:
            return f"{expression} != 0"
        if field.type == STRING:
            return f"readString({expression})"
        if field.type == BYTES:
            return f"readBytes({expression})"
        if field.type == ENUM:
            return f"{self.swift_names[field.type_name]}(rawValue: .init(truncatingIfNeeded: {expression}.rawValue))"
        return expression

    def to_c(self, field, expression):
        if field.type == BOOL:
            return f"{expression} ? 1 : 0"
        if field.type == STRING:
            return f"arena.string({expression})"
        if field.type == BYTES:
            return f"arena.bytes({expression})"
        if field.type == ENUM:
            return f"{c_type(field.type_name)}(rawValue: .init(truncatingIfNeeded: {expression}.rawValue))"
        if field.type == MESSAGE:
            return f"arena.message({expression})"
        return expression

    def enum(self, out, enum):
        prefix = "".join("_" + c if c.isupper() else c.upper() for c in enum.name).lstrip("_") + "_"
        own = self.swift_names[enum.full].rsplit(".", 1)[1]
        out.comment(enum.comment)
        out.open(f"package struct {own}: RawRepresentable, Hashable, Sendable, CustomStringConvertible {{")
        out("package let rawValue: Int32")
        out("package init(rawValue: Int32) { self.rawValue = rawValue }")
        out()
        for name, number, comment in enum.values:
            stripped = name[len(prefix):] if name.startswith(prefix) else name
            out.comment(comment)
            out(f"package static let {quoted(lower_camel(stripped.lower()))} = Self(rawValue: {number})")
        out()
        out("/// The name in the .proto file; a number that has none there stands for itself.")
        out.open("package var description: String {")
        out.open("switch rawValue {")
        out.depth -= 1
        seen = set()
        for name, number, _ in enum.values:
            if number not in seen:
                out(f'case {number}: "{name}"')
            seen.add(number)
        out('default: "\\(rawValue)"')
        out("}")
        out.close()
        out.close()

    def message(self, out, message):
        for inner in message.messages:
            if not inner.is_map_entry and inner.full not in self.swift_names:
                raise SystemExit(f"generate_swift_messages: {inner.full} has no name")
        own = message.name
        ctype = c_type(message.full)
        union = {i for i, name in enumerate(message.oneofs) if not name.startswith("optional_")}
        for index, name in enumerate(message.oneofs):
            if index not in union and sum(field.oneof == index for field in message.fields) != 1:
                raise SystemExit(f"generate_swift_messages: oneof {name} of {message.full} is named optional_ but has several members")

        # Members of the struct: (name, type, default, comment); a oneof stands where its first member stands.
        members, done = [], set()
        for field in message.fields:
            if field.oneof in union:
                if field.oneof not in done:
                    done.add(field.oneof)
                    name = message.oneofs[field.oneof]
                    members.append((quoted(lower_camel(name)), f"{camel(name)}?", "nil", message.oneof_comments[field.oneof]))
            else:
                members.append((field.swift, *self.declared(field), field.comment))

        out.comment(message.comment)
        out.open(f"package struct {own}: ProtoMessage, CMessage {{")
        for name, kind, default, comment in members:
            out.comment(comment)
            out(f"package var {name}: {kind} = {default}")
        out("/// Fields of newer versions, kept as they came.")
        out("package var unknownFields: [UnknownField] = []")
        for index in sorted(union):
            out()
            out.open(f"package enum {camel(message.oneofs[index])}: Sendable, Equatable {{")
            for field in message.fields:
                if field.oneof == index:
                    out.comment(field.comment)
                    out(f"case {field.swift}({self.element(field)})")
            out.close()
        for inner in message.enums:
            out()
            self.enum(out, inner)
        for inner in message.messages:
            if not inner.is_map_entry:
                out()
                self.message(out, inner)
        out()
        out("package init() {}")
        if members:
            out()
            out.open("package init(" + ", ".join(f"{name}: {kind} = {default}" for name, kind, default, _ in members) + ") {")
            for name, _, _, _ in members:
                out(f"self.{name} = {name}")
            out.close()
        out()
        out(f'package static let fullName = "{message.full}"')
        out()
        out.open("package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {")
        out("self = try decodeMessage(bytes, limits)")
        out.close()
        out()
        out.open("package func append(to buffer: inout [UInt8], framed: Bool) {")
        out("appendMessage(self, to: &buffer, framed: framed)")
        out.close()
        out()
        out(f"typealias C = {ctype}")
        out(f"static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> {{ {c_lower(message.full)}__type() }}")
        out()
        self.reader(out, message, union)
        out()
        self.filler(out, message, union)
        out.close()

    def reader(self, out, message, union):
        out.open("init(c: UnsafePointer<C>) {")
        for index, oneof in enumerate(message.oneofs):
            if index in union:
                out.open(f"switch c.pointee.{oneof}_case.rawValue {{")
                out.depth -= 1
                for field in message.fields:
                    if field.oneof == index:
                        where = f"c.pointee.{field.c}"
                        if field.type == MESSAGE:
                            out(f"case {field.number}: {quoted(lower_camel(oneof))} = readMessage({where}).map {{ .{field.swift}($0) }}")
                        else:
                            out(f"case {field.number}: {quoted(lower_camel(oneof))} = .{field.swift}({self.from_c(field, where)})")
                out("default: break")
                out("}")
        for field in message.fields:
            where = f"c.pointee.{field.c}"
            if field.oneof in union:
                continue
            if field.type_name in self.entries:
                key, value = self.entries[field.type_name].fields
                out.open(f"for index in 0..<c.pointee.n_{field.c} {{")
                out(f"guard let entry = {where}[index] else {{ continue }}")
                read = f"readMessage(entry.pointee.{value.c}) ?? .init()" if value.type == MESSAGE else self.from_c(value, f"entry.pointee.{value.c}")
                out(f"{field.swift}[{self.from_c(key, f'entry.pointee.{key.c}')}] = {read}")
                out.close()
            elif field.repeated:
                count = f"c.pointee.n_{field.c}"
                if field.type == MESSAGE:
                    out(f"{field.swift} = readMessages({where}, {count})")
                elif field.type in SWIFT_NUMBER:
                    out(f"{field.swift} = readNumbers({where}, {count})")
                else:
                    out(f"{field.swift} = (0..<{count}).map {{ {self.from_c(field, where + '[$0]')} }}")
            elif field.oneof is not None:
                read = f"readMessage({where})" if field.type == MESSAGE else self.from_c(field, where)
                out(f"if c.pointee.{message.oneofs[field.oneof]}_case.rawValue == {field.number} {{ {field.swift} = {read} }}")
            elif field.type == MESSAGE:
                out(f"{field.swift} = readMessage({where})")
            elif not (field.proto3 or field.required):
                test = f"{where} != nil" if field.type == STRING else f"c.pointee.has_{field.c} != 0"
                out(f"if {test} {{ {field.swift} = {self.from_c(field, where)} }}")
            else:
                out(f"{field.swift} = {self.from_c(field, where)}")
        out("unknownFields = readUnknownFields(c.pointee.base)")
        out.close()

    def filler(self, out, message, union):
        out.open("func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {")
        out(f"{c_lower(message.full)}__init(c)")
        for index, oneof in enumerate(message.oneofs):
            if index in union:
                out.open(f"switch {quoted(lower_camel(oneof))} {{")
                out.depth -= 1
                for field in message.fields:
                    if field.oneof == index:
                        out(f"case .{field.swift}(let value):")
                        out(f"    c.pointee.{oneof}_case = .init(rawValue: {field.number})")
                        out(f"    c.pointee.{field.c} = {self.to_c(field, 'value')}")
                out("case nil: break")
                out("}")
        for field in message.fields:
            where = f"c.pointee.{field.c}"
            if field.oneof in union:
                continue
            if field.type_name in self.entries:
                entry = self.entries[field.type_name]
                key, value = entry.fields
                out.open(f"if !{field.swift}.isEmpty {{")
                out(f"c.pointee.n_{field.c} = {field.swift}.count")
                out.open(f"{where} = arena.list({field.swift}.sorted {{ $0.key < $1.key }}) {{ pair, arena in")
                out(f"let entry = arena.structure({c_type(entry.full)}.self)")
                out(f"{c_lower(entry.full)}__init(entry)")
                out(f"entry.pointee.{key.c} = {self.to_c(key, 'pair.key')}")
                out(f"entry.pointee.{value.c} = {self.to_c(value, 'pair.value')}")
                out("return entry")
                out.close()
                out.close()
            elif field.repeated:
                out.open(f"if !{field.swift}.isEmpty {{")
                out(f"c.pointee.n_{field.c} = {field.swift}.count")
                out(f"{where} = arena.list({field.swift}) {{ value, arena in {self.to_c(field, 'value')} }}")
                out.close()
            elif field.oneof is not None:
                out.open(f"if let value = {field.swift} {{")
                out(f"c.pointee.{message.oneofs[field.oneof]}_case = .init(rawValue: {field.number})")
                out(f"{where} = {self.to_c(field, 'value')}")
                out.close()
            elif field.type == MESSAGE:
                out(f"if let value = {field.swift} {{ {where} = arena.message(value) }}")
            elif not (field.proto3 or field.required):
                has = "" if field.type == STRING else f"c.pointee.has_{field.c} = 1; "
                out(f"if let value = {field.swift} {{ {has}{where} = {self.to_c(field, 'value')} }}")
            elif field.type in (STRING, BYTES) and field.proto3:
                out(f"if !{field.swift}.isEmpty {{ {where} = {self.to_c(field, field.swift)} }}")
            else:
                out(f"{where} = {self.to_c(field, field.swift)}")
        out("c.pointee.base.n_unknown_fields = .init(unknownFields.count)")
        out("c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)")
        out.close()

    def swift_file(self, file):
        out = Writer()
        out(f"// Generated from Protos/{file.name} by Scripts/generate-protos. Do not edit.")
        out("import CMienProtos")
        out("import CProtobufC")
        out()
        out.open("extension Proto {")
        first = True
        for thing in file.enums + file.messages:
            if not first:
                out()
            first = False
            (self.enum if isinstance(thing, Enum) else self.message)(out, thing)
        out.close()
        return "\n".join(out.lines) + "\n"

    def umbrella(self):
        lines = ["// Generated by Scripts/generate-protos. Do not edit.", "#pragma once", "#include <stddef.h>", "#include <protobuf-c/protobuf-c.h>"]
        lines += [f'#include "{os.path.splitext(file.name)[0]}.pb-c.h"' for file in self.files]
        lines += ["", "/// A serialised google.protobuf.FileDescriptorSet of all services and messages of the wire; `size` gets its length.",
                  "const unsigned char *mien_descriptor_set(size_t *size);", "",
                  "// Descriptors by function: Swift may copy a C constant before it takes its address, and these must keep theirs."]

        def types(messages):
            for message in messages:
                lower = c_lower(message.full)
                lines.append(f"static inline const ProtobufCMessageDescriptor *{lower}__type(void) {{ return &{lower}__descriptor; }}")
                types(message.messages)
        for file in self.files:
            types(file.messages)
        return "\n".join(lines) + "\n"


def descriptor_set(data):
    rows = [", ".join(str(byte) for byte in data[at:at + 32]) for at in range(0, len(data), 32)]
    return ("// Generated by Scripts/generate-protos. Do not edit.\n#include \"CMienProtos.h\"\n\nstatic const unsigned char descriptors[] = {\n    "
            + ",\n    ".join(rows) + "\n};\n\nconst unsigned char *mien_descriptor_set(size_t *size) {\n    *size = sizeof descriptors;\n"
            "    return descriptors;\n}\n")


def write(path, contents):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(contents)


def main():
    everything, reflection, c_target, swift = sys.argv[1:]
    with open(everything, "rb") as file:
        files = [File(data) for data in fields(file.read()).get(1, [])]
    with open(reflection, "rb") as file:
        descriptors = file.read()
    generator = Generator(files)
    for file in files:
        base = camel(os.path.splitext(os.path.basename(file.name))[0])
        write(os.path.join(swift, f"{base}.generated.swift"), generator.swift_file(file))
    write(os.path.join(c_target, "include", "CMienProtos.h"), generator.umbrella())
    write(os.path.join(c_target, "descriptors.generated.c"), descriptor_set(descriptors))


main()
