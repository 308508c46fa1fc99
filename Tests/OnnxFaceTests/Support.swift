import FaceFinding
import Foundation
import InferenceCore
import MienDigest
import MienEstimation
import MienMedia
import MienNetworks

@testable import OnnxFace

/// What Scripts/reference/onnx_face.py wrote.
enum Fixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures").path
    static let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Plugins/OnnxFace/examples").standardized.path

    static func plugin(_ name: String) throws -> OnnxFacePlugin { try OnnxFacePlugin(folder: "\(folder)/\(name)") }

    static func json(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)/face.json", encoding: .utf8) }

    static func expected(_ name: String) throws -> Tensor {
        let file = try Safetensors(path: folder + "/expected.safetensors")
        return Tensor(shape: try file.tensor(named: name).shape, values: try file.floats(named: name))
    }

    /// The pictures of a tensor `[n, h, w, 3 or 1]` of whole numbers.
    static func pictures(_ name: String) throws -> [Picture] {
        let tensor = try expected(name), shape = tensor.shape, size = shape[1] * shape[2] * shape[3], values = tensor.values.map { UInt8($0) }
        return (0..<shape[0]).map { index in
            Picture(width: shape[2], height: shape[1], format: shape[3] == 3 ? .rgb : .gray, pixels: Array(values[(index * size)..<((index + 1) * size)]))
        }
    }
}

/// Copies a plugin of the fixtures into `folder`, with changes to the text of its manifest. Its digest follows `onnx`, if that is given.
func makePlugin(_ name: String, in folder: String, _ changes: [(String, String)] = [], onnx: [UInt8]? = nil) throws {
    let bytes = try onnx ?? [UInt8](Data(contentsOf: URL(filePath: "\(Fixture.folder)/\(name)/face.onnx")))
    try Data(bytes).write(to: URL(filePath: "\(folder)/face.onnx"))
    var json = try Fixture.json(name)
    if onnx != nil {
        json = json.replacing(try Fixture.plugin(name).manifest.model.sha256, with: digest(bytes))
    }
    for (old, new) in changes { json = json.replacing(old, with: new) }
    try json.write(toFile: "\(folder)/face.json", atomically: false, encoding: .utf8)
}

func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    bytes.withUnsafeBytes { hash.update($0) }
    return hash.finish().hexadecimal
}

func blank(_ width: Int, _ height: Int, _ value: UInt8, _ format: Picture.Format = .rgb) -> Picture {
    Picture(width: width, height: height, format: format, pixels: [UInt8](repeating: value, count: width * height * format.channels))
}
