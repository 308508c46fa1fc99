package import MienEstimation
import MienNetworks

/// What the plugins that read voices share: Silero's voice activity detector.
package enum SpeechFinding {
    /// The model it needs, for `EstimatorDescription.models`.
    package static let model = "silero-vad"

    /// `model.json`, embedded in the binary.
    package static var catalogue: [UInt8] { PackageResources.model_json }

    /// - Throws: `ModelUnavailable` if the model is not installed, `ModelFileError` if its file is not Silero VAD.
    package static func detector(_ models: any ModelFiles) throws -> any SpeechDetector {
        SileroDetector(try SileroVAD(from: OnnxWeights(path: models.path(model: model, file: "silero_vad_16k_op15.onnx"))))
    }
}
