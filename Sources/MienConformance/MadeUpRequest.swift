import MienJSON
import MienMessages

/// A request for estimates of made-up faces or clips, in the sizes that an estimator's description asks for: the same for the same seed.
struct MadeUpRequest {
    /// What is wrong with the last input, on purpose.
    private enum Flaw: String, CaseIterable { case empty, short, long }

    /// Of the clips. Half a second is enough for a model to say something and costs little.
    private static let samples = 8000

    private let estimator: Proto.PluginEstimator
    private let name: String
    private var inputs: [[UInt8]]
    private var categories: [String] = []

    /// - Parameter options: `count` (1), `seed` (0), `flaw`, `categories` ("first"), `estimator` (another id than the estimator's).
    init(_ options: JSONValue, _ scope: Scope) throws(TemplateError) {
        guard let estimator = scope.estimator else { throw TemplateError(description: "$estimate is for cases with \"each\"") }
        guard let object = options.object else { throw TemplateError(description: "$estimate needs an object") }
        for member in object.members where !["count", "seed", "flaw", "categories", "estimator"].contains(member.name) {
            throw TemplateError(description: "\"\(member.name)\" does not belong to $estimate")
        }
        self.estimator = estimator
        name = try object["estimator"].map { value throws(TemplateError) in try scope.string(value) } ?? estimator.id
        let count = try object["count"].map { value throws(TemplateError) in try scope.number(value) } ?? 1
        let seed = try object["seed"].map { value throws(TemplateError) in try scope.number(value) } ?? 0
        guard (1...4096).contains(count) else { throw TemplateError(description: "\"count\" is \(count)") }
        inputs = (0..<(scope.isTrial ? 1 : count)).map { Self.input(estimator, seed: seed + $0) }
        if let value = object["flaw"] {
            guard let flaw = value.string.flatMap({ Flaw(rawValue: $0) }) else {
                throw TemplateError(description: "\"flaw\" is none of \(Flaw.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            // Neither a length of whole samples nor that of a face.
            switch flaw {
            case .empty: inputs[inputs.count - 1] = []
            case .short: inputs[inputs.count - 1].removeLast()
            case .long: inputs[inputs.count - 1].append(0)
            }
        }
        if let value = object["categories"] {
            guard value.string == "first" else { throw TemplateError(description: "\"categories\" can only be \"first\"") }
            categories = Array(estimator.categories.prefix(1))
        }
    }

    func encoded() -> [UInt8] {
        if case .voice? = estimator.input { return Proto.PluginVoicesRequest(estimator: name, clips: inputs, categories: categories).encoded() }
        return Proto.PluginFacesRequest(estimator: name, faces: inputs, categories: categories).encoded()
    }

    /// "/mien.v1.Plugin/EstimateFaces"
    static func method(_ estimator: Proto.PluginEstimator) -> String {
        if case .voice? = estimator.input { "/mien.v1.Plugin/EstimateVoices" } else { "/mien.v1.Plugin/EstimateFaces" }
    }

    private static func input(_ estimator: Proto.PluginEstimator, seed: Int) -> [UInt8] {
        switch estimator.input {
        case .face(let face):
            // A description that cannot be right fails its own case; here it must not cost gigabytes.
            let width = Int(min(face.width, 1024)), height = Int(min(face.height, 1024)), channels = face.format == .gray8 ? 1 : 3
            return (0..<width * height * channels).map { index in
                let x = index / channels % width, y = index / channels / width
                return UInt8(truncatingIfNeeded: 40 + (x * 200 / width + y * 200 / height) / 2 + (index * 37 + seed * 101) % 16)
            }
        default:
            let period = 80 + seed % 60
            return (0..<samples).flatMap { index in
                // A saw tooth, louder and softer twice a second.
                let sample = (Float(index % period) / Float(period) - 0.5) * (0.2 + 0.2 * Float(index) / Float(samples))
                return (0..<4).map { UInt8(truncatingIfNeeded: sample.bitPattern >> (8 * UInt32($0))) }
            }
        }
    }
}
