import InferenceCore
import MienEstimation
import MienNetworks

/// Silero's voice activity detector as this plugin hands it to the host.
struct SileroDetector: SpeechDetector {
    private let network: SileroVAD

    init(_ network: SileroVAD) { self.network = network }

    var windowLength: Int { network.windowLength }
    func listen() -> any SpeechListener { SileroStream(network) }
}

extension SileroStream: SpeechListener {}
