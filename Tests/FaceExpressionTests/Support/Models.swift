import FaceExpression
import Foundation
import MienEstimation
import MienMedia

/// The real models, from the environment or the model store.
struct Models: ModelFiles {
    static let centerFace = find("MIEN_TEST_CENTERFACE", "centerface.onnx")
    static let miniXception = find("MIEN_TEST_MINI_XCEPTION", "mini_xception.safetensors")
    /// What `face_pipeline.py --export` wrote.
    static let fer2013 = ProcessInfo.processInfo.environment["MIEN_FER2013"].flatMap { try? MediaFile.read($0) }
    static var areInstalled: Bool { centerFace != nil && miniXception != nil }

    /// One for all tests: loading packs the weights.
    static let estimator = try! faceExpressionFactory.load(Models()) as! any FaceEstimator

    func path(model: String, file: String) throws -> String {
        switch (model, file) {
        case ("centerface", "centerface.onnx"): Self.centerFace!
        case ("fer-mini-xception", "mini_xception.safetensors"): Self.miniXception!
        default: throw ModelUnavailable(model: model, description: "the test knows no \(file) of \(model)")
        }
    }

    private static func find(_ variable: String, _ name: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment[variable] { return FileManager.default.fileExists(atPath: path) ? path : nil }
        let models = (environment["MIEN_HOME"] ?? "\(environment["HOME"] ?? "")/.local/share/mien") + "/models"
        let files = FileManager.default.enumerator(atPath: models)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix("/\(name)") }.min().map { "\(models)/\($0)" }
    }
}

enum Fixture {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized

    static func portrait(_ limits: PictureLimits = PictureLimits()) throws -> Picture {
        try Picture.decode(MediaFile.read(package.appendingPathComponent("Examples/astronaut.jpg").path), limits: limits)
    }

    static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let url = package.appendingPathComponent("Tests/FaceExpressionTests/Fixtures/\(name)")
        return try JSONDecoder().decode(Value.self, from: Data(contentsOf: url))
    }
}

func blank(_ width: Int, _ height: Int, _ value: UInt8 = 128, _ format: Picture.Format = .rgb) -> Picture {
    Picture(width: width, height: height, format: format, pixels: [UInt8](repeating: value, count: width * height * format.channels))
}
