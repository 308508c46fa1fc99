import InferenceCore
import MienNetworks
import Testing

/// Small models for every operator, compared with ONNX Runtime; `Scripts/reference/onnx_cases.py` makes them.
@Suite struct OnnxCasesTests {
    static let vectors = Result { try Safetensors(path: Places.fixture("onnx/cases.safetensors")) }
    static let names = Set(((try? vectors.get())?.names ?? []).compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    static let refused = ((try? vectors.get())?.metadata ?? [:]).map { ($0.key.replacing("refused/", with: ""), $0.value) }.sorted { $0.0 < $1.0 }

    @Test func fixturesAreComplete() throws {
        _ = try Self.vectors.get()
        #expect(Self.names.count > 90)
        #expect(Self.refused.count > 45)
    }

    @Test(arguments: names, instructionSets)
    func agreesWithOnnxRuntime(_ name: String, on instructionSet: String) throws {
        let vectors = try Self.vectors.get()
        let model = try OnnxModel(path: Places.fixture("onnx/\(name).onnx"))
        var inputs: [String: Tensor] = [:]
        for input in model.graph.inputs { inputs[input.name] = try vectors.coreTensor("\(name)/input/\(input.name)") }
        let results = try run(model.graph, inputs, on: instructionSet)
        #expect(results.count == vectors.names.count { $0.hasPrefix("\(name)/output/") })
        for (output, tensor) in results {
            let expected = try vectors.coreTensor("\(name)/output/\(output)")
            // What the file calls [n, c, 1, 1] is [n, c] in the core.
            let extents = expected.shape.extents
            let same = extents == tensor.shape.extents || extents.count == 4 && [extents[0], extents[3]] == tensor.shape.extents
            #expect(same, "\(output) is \(tensor.shape), expected \(expected.shape)")
            let worst = difference(tensor.values, expected.values)
            #expect(worst < 2e-5, "\(output) is off by \(worst)")
        }
    }

    @Test(arguments: refused)
    func refusesNamingTheCause(_ name: String, _ parts: String) throws {
        let error = try #require(throws: ModelFileError.self) { try OnnxModel(path: Places.fixture("onnx/refused_\(name).onnx")) }
        for part in parts.split(separator: "\n") { #expect(error.description.contains(part), "'\(error)' does not say '\(part)'") }
        #expect(error.description.contains("refused_\(name).onnx"))
    }
}
