import InferenceCore
import MienNetworks
import OnnxWriting
import Testing

/// Files that no exporter writes.
@Suite struct OnnxHostileTests {
    private func failure(_ bytes: [UInt8]) throws -> ModelFileError {
        try #require(throws: ModelFileError.self) { try OnnxModel(file(bytes)) }
    }

    private func model(_ graph: [UInt8]) -> [UInt8] {
        ProtoBytes.made {
            $0.integer(1, 8)
            $0.data(8, ProtoBytes.made { $0.integer(2, 13) })
            $0.data(7, graph)
        }
    }

    @Test func emptyFileHasNoGraph() throws {
        #expect(try failure([]).reason.contains("no graph"))
    }

    @Test func missingFileIsUnreadable() throws {
        let error = try #require(throws: ModelFileError.self) { try OnnxModel(path: "/nonexistent/model.onnx") }
        #expect(error.kind == .unreadable)
        #expect(error.description == "/nonexistent/model.onnx: cannot be opened: No such file or directory")
    }

    @Test func folderIsUnreadable() throws {
        let error = try #require(throws: ModelFileError.self) { try OnnxModel(path: "/") }
        #expect(error.description == "/: is not a regular file")
    }

    /// GraphProto.node.attribute.g nests without end; protobuf-c would recurse until the stack is gone.
    @Test func deepRecursionIsRefused() throws {
        var graph: [UInt8] = []
        for _ in 0..<20_000 {
            let inner = graph
            graph = ProtoBytes.made { $0.data(1, ProtoBytes.made { $0.data(5, ProtoBytes.made { $0.data(6, inner) }) }) }
            if graph.count > 60_000 { break }
        }
        let error = try failure(model(graph))
        #expect(error.kind == .malformed)
        #expect(error.reason.contains("nested too deeply"))
    }

    @Test func everyTruncationOfAModelIsRefused() throws {
        let whole = Array(MappedFileBytes.read(Places.fixture("onnx/two_heads.onnx")))
        _ = try OnnxModel(file(whole))
        for length in stride(from: 0, to: whole.count, by: 7) {
            #expect(throws: ModelFileError.self, "\(length) of \(whole.count) bytes") { try OnnxModel(file(Array(whole[..<length]))) }
        }
    }

    @Test func everyDamagedByteIsAnErrorOrAModel() throws {
        let whole = Array(MappedFileBytes.read(Places.fixture("onnx/reshape_computed.onnx")))
        for position in whole.indices {
            for value: UInt8 in [0, 0xff, whole[position] ^ 1, whole[position] ^ 0x80] {
                var damaged = whole
                damaged[position] = value
                _ = try? OnnxModel(file(damaged)) // either will do; a crash will not
            }
        }
    }

    @Test func millionsOfEmptyNodesAreRefused() throws {
        // Two bytes each in the file, over a hundred in memory.
        let nodes = [UInt8](repeating: 0, count: 4_000_000).enumerated().map { $0.offset % 2 == 0 ? UInt8(0x0a) : 0 }
        #expect(try failure(model(nodes)).reason.contains("memory"))
    }

    @Test func cyclesAreRefused() throws {
        func node(_ input: String, _ output: String) -> [UInt8] {
            ProtoBytes.made {
                $0.text(1, input)
                $0.text(2, output)
                $0.text(4, "Relu")
            }
        }
        let graph = ProtoBytes.made {
            $0.data(1, node("a", "b"))
            $0.data(1, node("b", "a"))
            $0.data(12, ProtoBytes.made { $0.text(1, "b") })
        }
        #expect(throws: ModelFileError.self) { try OnnxModel(file(model(graph))) }
    }

    @Test func textIsRefused() throws {
        #expect(try failure(Array("<html>404 Not Found</html>".utf8)).kind == .malformed)
    }
}
