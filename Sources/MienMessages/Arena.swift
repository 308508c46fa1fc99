import CProtobufC
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Memory for the C structs of one message: taken piece by piece, given back all at once. The first few KiB lie on the caller's stack.
struct Arena {
    private static let stackBytes = 4096
    private static let headerBytes = 16

    private var next: UnsafeMutableRawPointer
    private var remaining: Int
    /// Chain of blocks from the heap; each begins with the address of the one before it.
    private var blocks: UnsafeMutableRawPointer?
    private var blockBytes = 16 << 10

    private init(_ first: UnsafeMutableRawBufferPointer) {
        next = first.baseAddress!
        remaining = first.count
    }

    /// Runs `body` with an arena; nothing that was taken from it may be used afterwards.
    static func with<T>(_ body: (inout Arena) -> T) -> T {
        withUnsafeTemporaryAllocation(byteCount: stackBytes, alignment: 16) { first in
            var arena = Arena(first)
            defer { arena.release() }
            return body(&arena)
        }
    }

    private mutating func release() {
        while let block = blocks {
            blocks = block.load(as: UnsafeMutableRawPointer?.self)
            free(block)
        }
    }

    /// Uninitialised memory, aligned to 16 bytes.
    mutating func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let rounded = (size + 15) & ~15
        if rounded > remaining { grow(rounded) }
        let taken = next
        next += rounded
        remaining -= rounded
        return taken
    }

    private mutating func grow(_ size: Int) {
        let bytes = max(blockBytes, size)
        blockBytes = min(blockBytes * 2, 1 << 20)
        guard let block = malloc(bytes + Self.headerBytes) else { fatalError("out of memory: \(bytes) bytes for a message") }
        block.storeBytes(of: blocks, as: UnsafeMutableRawPointer?.self)
        blocks = block
        next = block + Self.headerBytes
        remaining = bytes
    }

    mutating func structure<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
        allocate(MemoryLayout<T>.size).bindMemory(to: type, capacity: 1)
    }

    mutating func message<M: CMessage>(_ message: M) -> UnsafeMutablePointer<M.C> {
        let c = structure(M.C.self)
        message.fill(c, &self)
        return c
    }

    mutating func list<Values: Collection, T>(_ values: Values, _ convert: (Values.Element, inout Arena) -> T) -> UnsafeMutablePointer<T> {
        let list = allocate(MemoryLayout<T>.stride * values.count).bindMemory(to: T.self, capacity: values.count)
        var at = list
        for value in values {
            at.initialize(to: convert(value, &self))
            at += 1
        }
        return list
    }

    mutating func string(_ value: String) -> UnsafeMutablePointer<CChar> {
        var value = value
        return value.withUTF8 { utf8 in
            let copy = allocate(utf8.count + 1)
            if let base = utf8.baseAddress { copy.copyMemory(from: base, byteCount: utf8.count) }
            let bytes = copy.bindMemory(to: CChar.self, capacity: utf8.count + 1)
            bytes[utf8.count] = 0
            // A NUL would silently cut the string.
            if strlen(bytes) != utf8.count {
                for index in 0..<utf8.count where bytes[index] == 0 { bytes[index] = 32 }
            }
            return bytes
        }
    }

    mutating func bytes(_ value: [UInt8]) -> ProtobufCBinaryData {
        guard !value.isEmpty else { return ProtobufCBinaryData(len: 0, data: nil) }
        let copy = allocate(value.count)
        value.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return ProtobufCBinaryData(len: value.count, data: copy.bindMemory(to: UInt8.self, capacity: value.count))
    }

    mutating func unknownFields(_ fields: [UnknownField]) -> UnsafeMutablePointer<ProtobufCMessageUnknownField>? {
        guard !fields.isEmpty else { return nil }
        return list(fields) { field, arena in
            let bytes = arena.bytes(field.bytes)
            return ProtobufCMessageUnknownField(tag: field.number, wire_type: .init(rawValue: .init(field.wireType)), len: bytes.len, data: bytes.data)
        }
    }
}
