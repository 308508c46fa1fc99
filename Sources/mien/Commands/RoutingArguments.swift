import ArgumentParser
import MienMessages

/// Who shall answer, where one name does not say it all.
struct RoutingArguments: ParsableArguments {
    enum Policy: String, ExpressibleByArgument, CaseIterable {
        case fast, accurate, offline

        var message: Proto.Policy {
            switch self {
            case .fast: .fast
            case .accurate: .accurate
            case .offline: .offline
            }
        }
    }

    @Option(help: ArgumentHelp("Which estimator to take where none is named: the fastest, the one that is right most often, or none that sends anything to other machines.", valueName: "policy"))
    var policy: Policy?

    @Option(name: .customLong("fallback"), help: ArgumentHelp("An estimator to ask if the one before cannot answer; may be given several times.", valueName: "id"))
    var fallbacks: [String] = []

    @Option(help: ArgumentHelp("Several estimators together, with weights if they are not alike: their mean, and how far they disagree.", valueName: "id[=weight],id[=weight]"))
    var ensemble: String?

    @Option(name: .customLong("shadow"), help: ArgumentHelp("An estimator to ask beside, to see how it differs; may be given several times.", valueName: "id"))
    var shadows: [String] = []

    /// As the host wants it; nil if there is nothing to say.
    var message: Proto.Routing? {
        get throws {
            let routing = Proto.Routing(policy: policy?.message ?? .unspecified, fallbacks: fallbacks, ensemble: try members, shadows: shadows)
            return routing == Proto.Routing() ? nil : routing
        }
    }

    private var members: [Proto.EnsembleMember] {
        get throws {
            try (ensemble ?? "").split(separator: ",").map { part in
                let pieces = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard pieces.count == 2 else { return Proto.EnsembleMember(estimator: pieces[0]) }
                guard let weight = Float(pieces[1]), weight.isFinite, weight > 0 else {
                    throw ValidationError("--ensemble gives \(printable(pieces[0])) the weight \(printable(pieces[1])); it must be a number above 0")
                }
                return Proto.EnsembleMember(estimator: pieces[0], weight: weight)
            }
        }
    }

    func validate() throws {
        if ensemble != nil, try members.count < 2 { throw ValidationError("--ensemble needs two estimators and more, with commas between") }
    }

    func validate(estimator: String) throws {
        if ensemble != nil, !estimator.isEmpty { throw ValidationError("--ensemble and --estimator are both given; the one stands in place of the other") }
        if policy == .fast || policy == .accurate, !estimator.isEmpty || ensemble != nil {
            throw ValidationError("--policy \(policy!.rawValue) has nothing to choose beside --\(ensemble == nil ? "estimator" : "ensemble")")
        }
    }
}

/// Says once what stood in the way of each estimator that was to answer first.
struct FallbackNotes {
    private var said: Set<String> = []

    mutating func tell(_ warnings: [Proto.Warning]) {
        for warning in warnings where warning.reason == "FELL_BACK" && said.insert(warning.message).inserted { complain(printable(warning.message)) }
    }
}
