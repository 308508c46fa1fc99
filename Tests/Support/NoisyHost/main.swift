// A host whose estimator prints to stdout, as a careless plugin might. For tests of what becomes of its stream.
import CNoise
import MienEstimation
import MienHost
import MienMedia
import MienWire

let streams = try StandardStreams.takeOver()

struct NoModels: ModelLibrary {
    func path(model: String, file: String) throws -> String { throw ModelUnavailable(model: model, description: "there are no models") }
    func facts(model: String) -> ModelFacts? { nil }
    func obstacle(model: String) -> String? { "there are no models" }
}

struct Noisy: FaceEstimator {
    static let about = EstimatorDescription(id: "noisy", version: "1", summary: "Prints.", modality: .face, categories: [], nativeLabels: [], models: [])
    var description: EstimatorDescription { Self.about }

    func estimate(_ picture: Picture, options: FaceOptions, context: EstimationContext) throws -> FaceAnswer {
        make_noise()
        print("noise from Swift")
        return FaceAnswer(estimates: [])
    }
}

let factory = EstimatorFactory(description: Noisy.about) { _ in
    make_noise()
    return Noisy()
}
let host = Host(HostConfiguration(version: "0", estimators: [factory], models: NoModels()), log: HostLog())
_ = await host.serve(input: streams.input, output: streams.output)
