import Foundation

/// Where tests find files.
enum Places {
    private static let environment = ProcessInfo.processInfo.environment
    private static let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized

    /// A file of this target's `Fixtures`.
    static func fixture(_ name: String) -> String { package.appending(path: "Tests/MienNetworksTests/Fixtures/\(name)").path }

    /// A file of the reference vectors, which lie outside the package; nil if they are not there.
    static func reference(_ name: String) -> String? {
        let shared = environment["MIEN_SHARED"] ?? package.appending(path: "../shared").standardized.path
        return existing("\(shared)/reference/\(name)")
    }

    /// The CenterFace model, from the environment or the model store.
    static let centerFace = model("MIEN_TEST_CENTERFACE", named: "centerface.onnx")
    /// The converted mini-Xception weights, from the environment or the model store.
    static let miniXception = model("MIEN_TEST_MINI_XCEPTION", named: "mini_xception.safetensors")

    /// The weights of Silero VAD, from the environment or the model store.
    static let sileroVAD = model("MIEN_TEST_SILERO_VAD", named: "silero_vad_16k_op15.onnx")
    /// The CTranslate2 model of Whisper tiny.en, from the environment or the model store.
    static let whisperTinyEn = model("MIEN_TEST_WHISPER", named: "whisper_tiny_en.bin")

    private static func model(_ variable: String, named name: String) -> String? {
        if let path = environment[variable] { return existing(path) }
        let home = environment["MIEN_HOME"] ?? "\(environment["HOME"] ?? "")/.local/share/mien"
        guard let files = FileManager.default.enumerator(atPath: "\(home)/models") else { return nil }
        return files.compactMap { $0 as? String }.filter { $0.hasSuffix("/\(name)") }.min().map { "\(home)/models/\($0)" }
    }

    private static func existing(_ path: String) -> String? { FileManager.default.fileExists(atPath: path) ? path : nil }
}
