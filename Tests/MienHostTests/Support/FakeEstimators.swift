import MienEstimation
import MienHost
import MienMedia
import MienWire
import Synchronization

/// Estimators whose work is in the hands of the test.
struct FakeFaces: FaceEstimator {
    var description: EstimatorDescription
    var body: @Sendable (Picture, FaceOptions, EstimationContext) throws -> FaceAnswer

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        try body(picture, options, context)
    }

    static func description(_ id: String, modality: Modality = .face, models: [String] = []) -> EstimatorDescription {
        EstimatorDescription(id: id, version: "7", summary: "For tests.", modality: modality, categories: [.anger], nativeLabels: ["angry"], models: models)
    }

    static func factory(_ id: String = "fake", modality: Modality = .face, models: [String] = [], loads: Counter = Counter(), loading: Gate? = nil,
                        _ body: @escaping @Sendable (Picture, FaceOptions, EstimationContext) throws -> FaceAnswer = { picture, _, _ in answer(picture) })
        -> EstimatorFactory {
        let description = description(id, modality: modality, models: models)
        return EstimatorFactory(description: description) { files in
            loads.increment()
            loading?.wait()
            for model in models { _ = try files.path(model: model, file: "weights") }
            return FakeFaces(description: description, body: body)
        }
    }

    /// One face that is the whole picture, its anger the picture's first pixel.
    static func answer(_ picture: Picture) -> FaceAnswer {
        let box = Box(left: 0, top: 0, width: Float(picture.width), height: Float(picture.height))
        let anger = Float(picture.pixels[0]) / 255
        let estimate = FaceEstimate(
            face: DetectedFace(box: box, landmarks: [Point(x: 1, y: 2)], confidence: 0.75, pose: HeadPose(yaw: 1, pitch: 2, roll: 3)),
            categories: [CategoryEstimate(category: .anger, intensity: anger, nativeScore: anger * 7,
                                          nativeScale: NativeScale(minimum: 0, maximum: 7, meaning: "test"))],
            dimensions: [DimensionEstimate(dimension: .valence, value: -0.5)], nativeScores: [NativeScore(label: "angry", score: anger * 7)],
            quality: InputQuality(overall: 0.1, size: 0.2, sharpness: 0.3, exposure: 0.4, pose: 0.5),
            warnings: [EstimateWarning(reason: "FACE_SMALL", message: "small")])
        return FaceAnswer(estimates: [estimate], warnings: [EstimateWarning(reason: "PICTURE_DARK", message: "dark")])
    }
}

final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func increment() { number.add(1, ordering: .sequentiallyConsistent) }
}

/// Models that are there or not, as the test says.
final class FakeModels: ModelLibrary {
    private let missing: Locked<Set<String>>
    init(missing: Set<String> = []) { self.missing = Locked(missing) }

    func install(_ model: String) { missing.withLock { _ = $0.remove(model) } }

    func path(model: String, file: String) throws -> String {
        if let obstacle = obstacle(model: model) { throw ModelUnavailable(model: model, description: obstacle) }
        return "/models/\(model)/\(file)"
    }

    func facts(model: String) -> ModelFacts? { ModelFacts(id: model, version: "3", license: "MIT", attribution: "Somebody") }

    func obstacle(model: String) -> String? {
        missing.withLock { $0.contains(model) } ? "model \(model) is missing; run: mien models pull \(model)" : nil
    }
}
