import Foundation
import InferenceCore
import MienNetworks
import Testing

/// Whole networks as PyTorch's exporters write them, compared with ONNX Runtime; `Scripts/reference/onnx_networks.py` makes them: narrow ones
/// for the fixtures, and those of full size in a folder that MIEN_ONNX_NETWORKS names.
@Suite struct OnnxNetworksTests {
    static let fullSize = ProcessInfo.processInfo.environment["MIEN_ONNX_NETWORKS"]

    static func names(_ folder: String) -> [String] {
        let names = (try? Safetensors(path: folder + "/networks.safetensors"))?.names ?? []
        return Set(names.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    static let small = Places.fixture("onnx-networks")

    @Test func fixturesAreComplete() { #expect(Self.names(Self.small).count >= 28) }

    @Test(arguments: names(small), instructionSets)
    func agreesWithOnnxRuntime(_ name: String, on instructionSet: String) throws {
        try compare(Self.small, name, on: instructionSet)
    }

    @Test(.enabled(if: fullSize != nil, "MIEN_ONNX_NETWORKS names no folder with networks of full size"), arguments: fullSize.map(names) ?? [])
    func fullSizeAgreesWithOnnxRuntime(_ name: String) throws {
        try compare(#require(Self.fullSize), name, on: instructionSets.last!)
    }

    private func compare(_ folder: String, _ name: String, on instructionSet: String) throws {
        let vectors = try Safetensors(path: folder + "/networks.safetensors")
        let model = try OnnxModel(path: "\(folder)/\(name).onnx")
        let input = try vectors.coreTensor("\(name)/input/input")
        let results = try run(model.graph, ["input": input], on: instructionSet)
        #expect(results.count == vectors.names.count { $0.hasPrefix("\(name)/output/") })
        for (output, tensor) in results {
            let expected = try vectors.coreTensor("\(name)/output/\(output)")
            #expect(tensor.shape == expected.shape)
            // Both sum up in f32, in another order, over some dozen layers: of the outputs' size, the difference is below 1e-4.
            let size = expected.values.reduce(0) { max($0, abs($1)) }, worst = zip(tensor.values, expected.values).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(worst <= 1e-4 * size, "\(output) is off by \(worst) of \(size)")
        }
    }
}
