import InferenceCore
import MienNetworks
import Testing

@Suite struct CTranslate2Tests {
    /// Writes the format byte by byte, so that tests can also write what no converter would.
    struct Writer {
        var bytes: [UInt8] = []

        mutating func number(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        mutating func text(_ value: String) {
            number(UInt16(value.utf8.count + 1))
            bytes += Array(value.utf8) + [0]
        }
        mutating func variable(_ name: String, _ extents: [UInt32], type: UInt8, _ data: [UInt8], size: UInt32? = nil) {
            text(name)
            number(UInt8(truncatingIfNeeded: extents.count))
            for extent in extents { number(extent) }
            number(type)
            number(size ?? UInt32(data.count))
            bytes += data
        }
        static func made(version: UInt32 = 6, count: UInt32, aliases: [(String, String)] = [], _ body: (inout Writer) -> Void) -> [UInt8] {
            var writer = Writer()
            writer.number(version)
            writer.text("WhisperSpec")
            writer.number(UInt32(3))
            writer.number(count)
            body(&writer)
            writer.number(UInt32(aliases.count))
            for (alias, name) in aliases {
                writer.text(alias)
                writer.text(name)
            }
            return writer.bytes
        }
    }

    static let sound = Writer.made(count: 6, aliases: [("b", "a"), ("r", "q")]) {
        $0.variable("a", [2], type: 0, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
        $0.variable("q", [2, 1, 2], type: 1, [10, 0xf6, 127, 0x80])
        $0.variable("q_scale", [2], type: 0, [0, 0, 0, 0x40, 0, 0, 0x80, 0x40])
        $0.variable("w", [2], type: 2, [0, 4, 0, 0xfc])
        $0.variable("w_scale", [], type: 0, [0, 0, 0, 0x41])
        $0.variable("n", [], type: 3, [0xfe, 0xff, 0xff, 0xff])
    }

    private func failure(_ bytes: [UInt8]) throws -> ModelFileError { try #require(throws: ModelFileError.self) { try CTranslate2Model(file(bytes)) } }

    @Test func readsVariablesScalesAndAliases() throws {
        let model = try CTranslate2Model(file(Self.sound))
        #expect(model.names == ["a", "b", "n", "q", "q_scale", "r", "r_scale", "w", "w_scale"])
        #expect(try model.floats(named: "a") == [1, -2] && model.floats(named: "b") == [1, -2])
        #expect(try model.floats(named: "q") == [5, -5, 31.75, -32] && model.floats(named: "r") == [5, -5, 31.75, -32])
        #expect(try model.floats(named: "w") == [128, -128])
        #expect(try model.integer(named: "n") == -2)
        #expect(try #require(throws: ModelFileError.self) { try model.integer(named: "a") }.kind == .mismatch)
        #expect(throws: ModelFileError(.missing, "there is no variable 'x'")) { try model.floats(named: "x") }
        #expect(throws: ModelFileError(.mismatch, "variable 'a' has shape [2], expected [1, 2]")) { try model.floats(named: "a", shape: [1, 2]) }
        #expect(try #require(throws: ModelFileError.self) { try model.floats(named: "n") }.kind == .unsupported)
    }

    @Test func everyTruncationIsRefused() throws {
        for length in 0..<Self.sound.count { #expect(try failure(Array(Self.sound[..<length])).kind == .malformed, "\(length) bytes") }
        #expect(try failure(Self.sound + [0]).reason == "1 bytes after the last alias")
    }

    @Test func hostileFilesAreRefused() throws {
        func one(_ body: (inout Writer) -> Void) -> [UInt8] { Writer.made(count: 1, body) }
        #expect(try failure(Writer.made(version: 3, count: 0) { _ in }).reason.contains("binary version 3"))
        #expect(try failure(Writer.made(version: 7, count: 0) { _ in }).kind == .unsupported)
        #expect(try failure(Writer.made(count: .max) { $0.variable("a", [1], type: 1, [1]) }).reason.contains("cannot hold 4294967295 variables"))
        #expect(try failure(one { $0.variable("a", [2], type: 0, [0, 0, 0, 0]) }).reason == "variable 'a' of F32 [2] cannot take 4 bytes")
        #expect(try failure(one { $0.variable("a", [1], type: 0, [0, 0, 0, 0], size: .max) }).reason.contains("cannot take 4294967295 bytes"))
        #expect(try failure(one { $0.variable("a", [.max, .max, .max], type: 0, [0, 0, 0, 0]) }).reason.contains("cannot take 4 bytes"))
        #expect(try failure(one { $0.variable("a", [.max], type: 1, [], size: .max) }).reason.contains("too early, within variable 'a'"))
        #expect(try failure(one { $0.variable("a", [1], type: 6, [0]) }).reason.contains("unknown type 6"))
        #expect(try failure(one { $0.variable("a", [UInt32](repeating: 1, count: 255), type: 1, [0]) }).reason.contains("255 axes"))
        #expect(try failure(one { $0.variable("a\0b", [1], type: 1, [0]) }).reason.contains("ends with its only zero"))
        #expect(try failure(one { $0.variable("", [1], type: 1, [0]) }).reason.contains("ends with its only zero"))
        #expect(try failure(one { writer in
            writer.number(UInt16(1))
            writer.bytes += Array(repeating: 65, count: 20)
        }).reason.contains("the name of variable 0"))
        #expect(try failure(one { writer in
            writer.number(UInt16(3))
            writer.bytes += [0xff, 0xfe, 0] + Array(repeating: 0, count: 20)
        }).reason.contains("the name of variable 0"))
        #expect(try failure(Writer.made(count: 2) { for _ in 0..<2 { $0.variable("a", [1], type: 1, [0]) } }).reason == "variable 'a' occurs twice")
        #expect(try failure(Writer.made(count: 0, aliases: [("a", "b")]) { _ in }).reason == "alias 'a' stands for 'b', which is not there")
        #expect(try failure(Writer.made(count: 1, aliases: [("a", "a")]) { $0.variable("a", [1], type: 1, [0]) }).reason == "alias 'a' is taken")
        #expect(try failure(Writer.made(count: 0) { $0.number(UInt32.max) }).reason.contains("cannot hold 4294967295 aliases"))
    }

    @Test func scalesAndValuesAreChecked() throws {
        func reason(_ scale: (inout Writer) -> Void, count: UInt32 = 2) throws -> String {
            let model = try CTranslate2Model(file(Writer.made(count: count) {
                $0.variable("q", [2, 1], type: 1, [1, 2])
                scale(&$0)
            }))
            return try #require(throws: ModelFileError.self) { try model.floats(named: "q") }.reason
        }
        #expect(try reason({ _ in }, count: 1) == "variable 'q' needs 'q_scale'")
        #expect(try reason { $0.variable("q_scale", [3], type: 4, [0, 0x3c, 0, 0x3c, 0, 0x3c]) }.contains("needs one float or 2"))
        #expect(try reason { $0.variable("q_scale", [2], type: 1, [1, 1]) }.contains("needs one float or 2"))
        #expect(try reason { $0.variable("q_scale", [], type: 4, [0, 0]) }.contains("not above 0"))
        #expect(try reason { $0.variable("q_scale", [], type: 4, [0, 0x7e]) }.contains("holds nan"))
        #expect(try reason { $0.variable("q_scale", [], type: 0, [1, 0, 0, 0]) }.contains("holds inf"))
    }

    @Test func errorsNameTheFile() throws {
        let path = Places.fixture("whisper/expected.safetensors")
        #expect(try #require(throws: ModelFileError.self) { try CTranslate2Model(path: path) }.description.hasPrefix(path + ": binary version"))
        let other = Self.sound.map { $0 == UInt8(ascii: "W") ? UInt8(ascii: "V") : $0 }
        let error = try #require(throws: ModelFileError.self) { try WhisperEncoder(CTranslate2Model(file(other))) }
        #expect(error == ModelFileError(.unsupported, "this is a model of VhisperSpec, expected WhisperSpec"))
        #expect(try #require(throws: ModelFileError.self) { try WhisperEncoder(CTranslate2Model(file(Self.sound))) }.kind == .missing)
    }
}
