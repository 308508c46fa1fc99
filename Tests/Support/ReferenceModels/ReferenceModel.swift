import Foundation
package import InferenceCore
package import MienNetworks

/// A model as the hub has it, with random weights, and what PyTorch gives: made by Scripts/reference/emonet_random.py.
package struct ReferenceModel: Sendable {
    /// Holds `encoder` and `heads`.
    package let source: String
    package let expected: Safetensors

    /// One of full size, if `MIEN_EMONET` names the folder in which the script wrote it.
    package static func full(_ kind: String) -> ReferenceModel? {
        guard let folder = ProcessInfo.processInfo.environment["MIEN_EMONET"] else { return nil }
        return try? ReferenceModel(source: "\(folder)/\(kind)", expected: Safetensors(path: "\(folder)/\(kind)/expected.safetensors"))
    }

    private init(source: String, expected: Safetensors) {
        self.source = source
        self.expected = expected
    }

    /// One of a few weights, out of the folder `Fixtures` beside a test; its heads become checkpoints of PyTorch in `folder`.
    package init(tiny folder: String, beside file: String = #filePath) throws {
        let fixtures = URL(filePath: file).deletingLastPathComponent().appending(path: "Fixtures").path
        expected = try Safetensors(path: fixtures + "/expected.safetensors")
        source = folder + "/source"
        try FileManager.default.createDirectory(atPath: source + "/heads", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: fixtures + "/encoder", toPath: source + "/encoder")
        let heads = try Safetensors(path: fixtures + "/heads.safetensors")
        for (head, names) in Dictionary(grouping: heads.names, by: { $0.prefix { $0 != "." } }) {
            let tensors = try names.map { name in
                let tensor = try heads.tensor(named: name)
                return (name: String(name.dropFirst(head.count + 1)), tensor: Tensor(shape: tensor.shape, values: try heads.floats(named: name)))
            }
            try Data(TorchFile.bytes(tensors)).write(to: URL(filePath: "\(source)/heads/model_\(head)_best.pth"))
        }
    }

    /// A tensor of `expected`.
    package func tensor(_ name: String) throws -> Tensor {
        Tensor(shape: try expected.tensor(named: name).shape, values: try expected.floats(named: name))
    }

    /// Absolute differences of scores `[rows, names]` from PyTorch's.
    package func errors(of scores: [Float], heads names: [String]) throws -> [Double] {
        try names.enumerated().flatMap { index, name in
            try expected.floats(named: "expected.scores.\(name)").enumerated().map { row, wanted in abs(Double(scores[row * names.count + index]) - Double(wanted)) }
        }
    }
}
