import InferenceCore
import MienNetworks
import Testing

/// What torch.save writes, by torch.save itself (Scripts/reference/torch_checkpoints.py), and what no one should write.
@Suite struct TorchCheckpointTests {
    private func fixture(_ name: String) throws -> TorchCheckpoint { try TorchCheckpoint(path: Places.fixture("torch/\(name).pth")) }

    // MARK: Values

    @Test(arguments: ["views", "views_old"]) func viewsOfAnyKindAreRead(_ name: String) throws {
        let file = try fixture(name)
        let names = ["turned", "window", "whole", "every other", "number", "none", "half", "brain", "double", "long", "byte", "flags", "parameter"]
        #expect(file.names == (names.map { "state_dict." + $0 } + ["3.inner"]).sorted())
        func weights(_ name: String) throws -> [Float] { try file.weights(named: "state_dict." + name) }
        func shape(_ name: String) throws -> Shape { try file.shape(of: "state_dict." + name) }
        #expect(try shape("turned") == [6, 4])
        #expect(try weights("turned") == (0..<6).flatMap { column in (0..<4).map { Float($0 * 6 + column) } })
        #expect(try shape("window") == [2, 3])
        #expect(try weights("window") == [8, 9, 10, 14, 15, 16])
        #expect(try weights("whole") == (0..<24).map { Float($0) })
        #expect(try weights("every other") == stride(from: 0, to: 24, by: 2).map { Float($0) })
        #expect(try shape("number") == [])
        #expect(try weights("number") == [3.5])
        #expect(try shape("none") == [0, 4])
        #expect(try weights("none") == [])
        #expect(try weights("half") == [1.5, -2, 65504])
        #expect(try weights("brain") == [1.5, -2, Float(bitPattern: 0x7f62_0000)])
        #expect(try weights("double") == [0.1])
        #expect(try weights("parameter") == [4, 5])
        #expect(try file.weights(named: "3.inner") == [9])
        #expect(try file.type(of: "state_dict.long") == .i64)
        #expect(try file.bytes(of: "state_dict.long") == [1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1, 0, 0])
        #expect(try file.bytes(of: "state_dict.byte") == [0, 255])
        #expect(try file.bytes(of: "state_dict.flags") == [1, 0])
        #expect(throws: ModelFileError.self) { try file.weights(named: "state_dict.long") }
        #expect(throws: ModelFileError.self) { try file.weights(named: "epoch") }
    }

    @Test func aStateDictionaryIsRead() throws {
        let file = try fixture("state")
        #expect(file.names == ["0.bias", "0.weight", "2.bias", "2.weight"])
        #expect(try file.weights(named: "0.weight") == [0, 0.125, 0.25, 0.375, 0.5, 0.625])
        #expect(try file.weights(named: "2.bias") == [3])
    }

    private static let shared = ["pooled_head_orig_mod_f32", "pooled_head_orig_mod_f32_legacy", "pooled_head_plain_f32"]

    @Test(.enabled(if: Places.reference("heads_shrunk.safetensors") != nil, "needs the reference vectors (MIEN_SHARED)"), arguments: shared)
    func genuineCheckpointsAreBitExact(_ name: String) throws {
        let file = try TorchCheckpoint(path: #require(Places.reference(name + ".pth")))
        let wanted = try Safetensors(path: #require(Places.reference("heads_shrunk.safetensors")))
        #expect(file.names.count == 10)
        for name in file.names {
            let bare = name.hasPrefix("_orig_mod.") ? String(name.dropFirst("_orig_mod.".count)) : name
            #expect(try file.bytes(of: name) == wanted.tensor(named: "pooled." + bare).withBytes { Array($0) })
        }
    }

    /// The values of the 16-bit ones are those of the reference, rounded.
    @Test(.enabled(if: Places.reference("heads_shrunk.safetensors") != nil, "needs the reference vectors (MIEN_SHARED)"),
          arguments: [("f16", ElementType.f16, Float(0x1p-11)), ("bf16", .bf16, 0x1p-8)])
    func genuineHalvesAreRead(_ kind: String, _ type: ElementType, _ step: Float) throws {
        let file = try TorchCheckpoint(path: #require(Places.reference("pooled_head_orig_mod_\(kind).pth")))
        let wanted = try Safetensors(path: #require(Places.reference("heads_shrunk.safetensors")))
        for name in file.names {
            #expect(try file.type(of: name) == type)
            let exact = try wanted.floats(named: "pooled." + name.dropFirst("_orig_mod.".count))
            #expect(zip(try file.weights(named: name), exact).allSatisfy { abs($0 - $1) <= abs($1) * step + 1e-7 })
        }
    }

    // MARK: Refusals

    /// An old file, with the given pickle where the dictionary should be.
    private func old(_ pickle: [UInt8], keys: [UInt8] = [0x80, 2, 0x5d, 0x2e], data: [UInt8] = []) -> MappedFile {
        let magic: [UInt8] = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
        return file(magic + [0x80, 2, 0x4d, 0xe9, 0x03, 0x2e] + [0x80, 2, 0x7d, 0x2e] + pickle + keys + data)
    }

    private func refusal(_ file: MappedFile) -> ModelFileError? {
        do {
            _ = try TorchCheckpoint(file)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("cos\nsystem\n(X\u{4}\0\0\0echotR.", "GLOBAL asks for 'os.system'"), ("cposix\nsystem\n.", "'posix.system'"), ("cbuiltins\neval\n.", "'builtins.eval'"),
        ("c__builtin__\ngetattr\n.", "'__builtin__.getattr'"), ("ctorch\nload\n.", "'torch.load'"), ("ctorch.storage\n_load_from_bytes\n.", "_load_from_bytes"),
        ("X\u{2}\0\0\0osX\u{6}\0\0\0system\u{93}.", "'os.system'"), ("(S'x'\nios\nsystem\n.", "instruction 0x53"), ("(ios\nsystem\n.", "INST"), ("(o.", "OBJ"),
        ("}\u{81}.", "NEWOBJ"), ("Px\n.", "PERSID"), ("\u{82}\u{1}.", "EXT1"),
    ])
    func codeIsRefusedByName(_ pickle: String, _ words: String) throws {
        // One byte for each scalar, as Latin-1 has it.
        let error = try #require(refusal(old(pickle.unicodeScalars.map { UInt8($0.value) })))
        #expect(error.kind == .unsupported)
        #expect(error.reason.contains(words), "\(error.reason)")
    }

    @Test func wholeModulesAreRefusedByName() throws {
        let error = #expect(throws: ModelFileError.self) { try fixture("module") }
        #expect(error?.kind == .unsupported)
        #expect(error?.reason.contains("torch.nn.modules") == true)
    }

    @Test func sizesOutOfNothingAreRefused() throws {
        let error = #expect(throws: ModelFileError.self) { try fixture("expanded") }
        #expect(error?.reason.contains("repeats") == true)
    }

    /// A tensor in an old file: storage of `count` floats under key 0, 16 bytes of data, and the given offset, shape and strides of one byte each.
    private func tensor(count: UInt8 = 4, offset: UInt8 = 0, shape: [UInt8] = [4], strides: [UInt8] = [1], extent: [UInt8]? = nil) -> MappedFile {
        func text(_ word: String) -> [UInt8] { [0x58, UInt8(word.utf8.count), 0, 0, 0] + Array(word.utf8) }
        func tuple(_ numbers: [UInt8]) -> [UInt8] { [0x28] + numbers.flatMap { [0x4b, $0] } + [0x74] }
        let storage = [0x28] + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text("0") + text("cpu") + [0x4b, count, 0x4e, 0x74, 0x51]
        let call = Array("ctorch._utils\n_rebuild_tensor_v2\n".utf8) + [0x28] + storage + [0x4b, offset] + (extent ?? tuple(shape)) + tuple(strides) + [0x89, 0x4e, 0x74, 0x52]
        let pickle: [UInt8] = [0x80, 2, 0x7d] + text("x") + call + [0x73, 0x2e]
        let keys: [UInt8] = [0x80, 2, 0x5d] + text("0") + [0x61, 0x2e]
        return old(pickle, keys: keys, data: [4, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 16))
    }

    @Test func tensorsOutsideTheirStorageAreRefused() throws {
        #expect(try TorchCheckpoint(tensor()).weights(named: "x") == [0, 0, 0, 0])
        #expect(try TorchCheckpoint(tensor(offset: 1, shape: [2], strides: [2])).weights(named: "x") == [0, 0])
        #expect(try TorchCheckpoint(tensor(offset: 4, shape: [0], strides: [1])).weights(named: "x") == [])
        // Ten bytes of LONG1: 2^62.
        let huge: [UInt8] = [0x28, 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x74]
        for bad in [tensor(count: 5), tensor(offset: 1), tensor(offset: 5, shape: [0]), tensor(shape: [2], strides: [4]), tensor(shape: [2, 2], strides: [3, 1]),
                    tensor(shape: [4], strides: [1, 1]), tensor(extent: huge), tensor(offset: 4, shape: [])] {
            #expect(refusal(bad)?.kind == .malformed)
        }
    }

    @Test(arguments: ["state", "views_old"]) func filesCutShortAreRefused(_ name: String) throws {
        let bytes = MappedFileBytes.read(Places.fixture("torch/\(name).pth"))
        try #require(bytes.count > 1000)
        for count in Array(0..<400) + stride(from: 400, to: bytes.count - 1, by: 37) { #expect(refusal(file(Array(bytes.prefix(count)))) != nil, "\(count) bytes") }
    }

    /// Nothing must crash, whatever byte is changed.
    @Test(arguments: ["state", "views", "views_old"]) func changedBytesAreBorne(_ name: String) throws {
        let bytes = MappedFileBytes.read(Places.fixture("torch/\(name).pth"))
        for place in bytes.indices where place % 3 == 0 || place < 300 {
            var changed = bytes
            changed[place] ^= UInt8(truncatingIfNeeded: 1 &+ place &* 31)
            guard let file = try? TorchCheckpoint(file(changed)) else { continue }
            for name in file.names { _ = try? file.bytes(of: name) }
        }
    }

    @Test func otherFilesAreRefused() throws {
        #expect(refusal(file([]))?.kind == .malformed)
        #expect(refusal(file(Array("PK\u{3}\u{4} but no archive".utf8)))?.reason.contains("end is missing") == true)
        #expect(refusal(old([0x80, 2, 0x4b, 1, 0x2e]))?.reason.contains("no dictionary") == true)
        #expect(refusal(old([0x80, 2, 0x7d, 0x2e]))?.reason.contains("no tensors") == true)
        // Dictionaries that contain themselves.
        #expect(refusal(old([0x80, 2, 0x7d, 0x71, 0, 0x4b, 1, 0x68, 0, 0x73, 0x2e]))?.kind == .malformed)
    }
}
