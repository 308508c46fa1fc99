import Foundation
import InferenceCore
import MienDigest
import MienJSON
import Testing

@testable import MienNetworks

@Suite("packed files")
struct PackedFileTests {
    private func inFile(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "mien-\(UUID().uuidString).mien").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private let facts = JSONObject([("source", .string("a test"))])

    /// Two sections, of 100 floats and of 3.
    private func write(_ path: String) throws {
        let writer = try PackedFileWriter(path: path, contents: "test", for: Processor())
        try writer.section("first") { try $0.append((0..<100).map(Float.init)) }
        try writer.section("second") { try $0.append([1, 2, 3] as [Float]) }
        try writer.finish(facts: JSONObject())
        try writer.finish(facts: facts)
    }

    @Test("are read as they were written")
    func roundTrip() throws {
        try inFile { path in
            try write(path)
            let file = try PackedFile(path: path, contents: "test")
            try file.verify()
            #expect(file.facts == facts && file.sections.count == 2 && file.precision == .f32)
            #expect(try file.processor().precision == .f32)
            #expect(try file.read("first") { try $0.floats(100) } == (0..<100).map(Float.init))
            #expect(try file.read("second") { try $0.floats(3) } == [1, 2, 3])
            #expect(throws: ModelFileError.self) { try file.read("first") { try $0.floats(1) } }
            #expect(throws: ModelFileError.self) { try file.read("second") { try $0.floats(3) + $0.floats(1) } }
            #expect(throws: ModelFileError.self) { try file.read("third") { try $0.floats(1) } }
            #expect(try PackedFile(path: path, contents: nil).contents == "test")
            #expect(throws: ModelFileError.self) { _ = try PackedFile(path: path, contents: "other") }
            #expect(throws: ModelFileError.self) { _ = try PackedFileWriter(path: path, contents: "test", for: Processor()) }
        }
    }

    @Test("that were damaged anywhere are found out: in the index when they are opened, in a section when they are verified")
    func damage() throws {
        try inFile { path in
            try write(path)
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: path))), sections = try PackedFile(path: path, contents: "test").sections
            let data = Set(sections.values.flatMap(\.range)), index = bytes.count - 300
            for place in [0, 8, 17, 25, 40, index, bytes.count - 1] + sections.values.flatMap({ [$0.range.lowerBound, $0.range.upperBound - 1] }) {
                var damaged = bytes
                damaged[place] ^= 0x10
                try Data(damaged).write(to: URL(filePath: path))
                #expect(throws: ModelFileError.self, "byte \(place)") {
                    let file = try PackedFile(path: path, contents: "test")
                    #expect(data.contains(place), "byte \(place)")
                    try file.verify()
                }
            }
            for count in [0, 7, 63, 64, 4096, bytes.count - 1] {
                try Data(bytes[..<count]).write(to: URL(filePath: path))
                #expect(throws: ModelFileError.self, "\(count) bytes") { _ = try PackedFile(path: path, contents: "test") }
            }
            try Data(bytes + [0]).write(to: URL(filePath: path))
            #expect(throws: ModelFileError.self) { _ = try PackedFile(path: path, contents: "test") }
        }
    }

    @Test("whose index lies are refused", arguments: [
        "{\"name\": \"a\", \"offset\": 4096, \"bytes\": 5000, \"sha256\": \"\"}", "{\"name\": \"a\", \"offset\": 4097, \"bytes\": 1, \"sha256\": \"\"}",
        "{\"name\": \"a\", \"offset\": -4096, \"bytes\": 1, \"sha256\": \"\"}", "{\"name\": \"a\", \"offset\": 4096, \"bytes\": 9223372036854775807, \"sha256\": \"\"}",
        "{\"name\": \"a\", \"offset\": 0, \"bytes\": 1, \"sha256\": \"\"}", "{\"offset\": 4096, \"bytes\": 1, \"sha256\": \"\"}",
        "{\"name\": \"a\", \"offset\": 4096, \"bytes\": 1, \"sha256\": \"\"}, {\"name\": \"a\", \"offset\": 4096, \"bytes\": 1, \"sha256\": \"\"}",
    ])
    func lies(_ section: String) throws {
        let text = "{\"contents\": \"test\", \"layout\": \"x\", \"precision\": \"f32\", \"facts\": {}, \"sections\": [\(section)]}"
        #expect(throws: ModelFileError.self) { _ = try PackedIndex(JSONValue.parse(text), dataEnd: 8192, path: "") }
    }

    @Test("for other kernels are refused with a way out")
    func layout() throws {
        try inFile { path in
            try write(path)
            var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
            let layout = Array(Processor().layout.utf8), place = try #require(bytes.indices.first { bytes[$0...].starts(with: layout) })
            bytes[place] = UInt8(ascii: "x")
            // As if it had been written so: with the right checksum.
            let index = PackedIndexBytes(bytes)
            try Data(index.resealed()).write(to: URL(filePath: path))
            let file = try PackedFile(path: path, contents: "test"), error = #expect(throws: ModelFileError.self) { _ = try file.processor() }
            #expect(error?.reason.contains("pack the model again") == true)
        }
    }
}

/// The bytes of a packed file whose index was changed.
private struct PackedIndexBytes {
    private var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func resealed() -> [UInt8] {
        let place = bytes[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
        var digest = SHA256()
        bytes[place...].withUnsafeBytes { digest.update($0) }
        return bytes[..<32] + digest.finish() + bytes[64...]
    }
}
