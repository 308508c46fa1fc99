import MienEstimation
import MienMessages
import MienPlugins

/// What answers are held against: as wide as a description can be.
private let estimator = Proto.PluginEstimator(
    id: "fuzz", version: "1", categories: ["Anger", "Awe", "Astonishment/Surprise"], dimensions: ["valence", "arousal"], attributes: ["Age"], nativeLabels: ["a", "b"],
    input: .voice(Proto.VoiceInput(rate: 16_000, maximumSeconds: 30)))

/// libFuzzer's entry: bytes that begin with { are a manifest that keeps to its own rules, or an error; others are an answer in which every number is finite and
/// every name announced, or an error.
@c(LLVMFuzzerTestOneInput)
public func fuzzPlugin(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: data, count: size)
    if bytes.first == UInt8(ascii: "{") {
        guard let manifest = try? PluginManifest(bytes, file: "plugin.json") else { return 0 }
        precondition(!manifest.estimators.isEmpty && Set(manifest.estimators.map(\.id)).count == manifest.estimators.count)
        precondition(manifest.files.allSatisfy { !$0.file.hasPrefix("/") && !$0.file.split(separator: "/").contains("..") })
        precondition(manifest.estimators.allSatisfy { $0.input != nil && $0.batch >= 1 })
        return 0
    }
    guard let answer = try? Proto.PluginReadings(decoding: Array(bytes)), let readings = try? PluginReader(estimator).read(answer, count: answer.readings.count) else { return 0 }
    for reading in readings {
        precondition(reading.categories.allSatisfy { (0...1).contains($0.intensity) && $0.nativeScore.isFinite && $0.nativeScale.minimum < $0.nativeScale.maximum })
        precondition(reading.dimensions.allSatisfy { (-1...1).contains($0.value) } && reading.attributes.allSatisfy { $0.value.isFinite })
        precondition(reading.nativeScores.isEmpty || reading.nativeScores.map(\.label) == ["a", "b"])
    }
    return 0
}
