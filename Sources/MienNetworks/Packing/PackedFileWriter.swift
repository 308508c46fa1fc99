package import InferenceCore
import MienDigest
package import MienJSON

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Writes a `PackedFile`, section after section.
package final class PackedFileWriter: PackedPieceSink {
    private let path: String
    private let descriptor: Int32
    private let contents: String
    private let processor: Processor
    private var position = 0
    private var current: (name: String, start: Int, digest: SHA256)?
    private var entries: [JSONValue] = []

    /// - Parameter path: Of a file that does not exist yet.
    /// - Throws: `ModelFileError` `.unreadable`, as do all others here, with the system's reason.
    package init(path: String, contents: String, for processor: Processor) throws(ModelFileError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        self.path = path
        self.contents = contents
        self.processor = processor
        guard descriptor >= 0 else { throw failure("cannot be created") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes one section: whatever `body` appends.
    package func section(_ name: String, _ body: (inout PackedFileWriter) throws -> Void) throws {
        precondition(current == nil, "sections do not overlap")
        let start = (max(position, PackedFile.preamble) + PackedFile.pageSize - 1) / PackedFile.pageSize * PackedFile.pageSize
        guard ftruncate(descriptor, off_t(start)) == 0 else { throw failure("cannot be written") }
        position = start
        current = (name, start, SHA256())
        var writer = self
        try body(&writer)
        entries.append(.object(JSONObject([
            ("name", .string(name)), ("offset", .number(JSONNumber(start))), ("bytes", .number(JSONNumber(position - start))), ("sha256", .string(current!.digest.finish().hexadecimal)),
        ])))
        current = nil
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws {
        precondition(current != nil, "pieces belong to a section")
        try write(bytes)
        let missing = (PackedPieces.alignment - bytes.count % PackedPieces.alignment) % PackedPieces.alignment
        try [UInt8](repeating: 0, count: missing).withUnsafeBytes { try write($0) }
    }

    /// Writes the index. May be called again, with other facts, as long as no section follows.
    package func finish(facts: JSONObject) throws {
        let index = JSONObject([
            ("contents", .string(contents)), ("layout", .string(processor.layout)), ("precision", .string(processor.precision.rawValue)), ("facts", .object(facts)),
            ("sections", .array(entries)),
        ])
        let text = Array(JSONValue.object(index).text().utf8), end = position
        guard text.count <= PackedFile.indexLimit else { throw ModelFileError(.unsupported, file: path, "an index of \(text.count) bytes is too long") }
        guard ftruncate(descriptor, off_t(end)) == 0 else { throw failure("cannot be written") }
        try text.withUnsafeBytes { try write($0, at: end) }
        var digest = SHA256()
        text.withUnsafeBytes { digest.update($0) }
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
        var preamble = PackedFile.magic
        for part in [bytes(PackedFile.version), bytes(UInt32(0)), bytes(UInt64(end)), bytes(UInt64(text.count)), digest.finish()] { preamble += part }
        try preamble.withUnsafeBytes { try write($0, at: 0) }
        guard fsync(descriptor) == 0 else { throw failure("cannot be written") }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        current?.digest.update(bytes)
        try write(bytes, at: position)
        position += bytes.count
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at start: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(start + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot be written") }
            done += count
        }
    }

    private func failure(_ what: String) -> ModelFileError { ModelFileError(.unreadable, file: path, "\(what): \(String(cString: strerror(errno)))") }
}
