import ArgumentParser
import MienClient
import MienEstimation
import MienMessages
import MienWire

/// What every command that asks for estimates can be told about the answer.
struct AnswerArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Which estimator to ask; see mien info.", valueName: "id"))
    var estimator = ""

    @OptionGroup var routing: RoutingArguments

    @Option(help: ArgumentHelp("Only these emotions, with commas between: anger,surprise.", valueName: "names"))
    var categories: String?

    // A negative number is not another option.
    @Option(name: .customLong("min-reliability"), parsing: .unconditional,
            help: ArgumentHelp("Abstain on emotions about which human raters agree less, -1 to 1; -1: on none. The estimator has its own threshold.", valueName: "reliability"))
    var minReliability: Float?

    @Flag(help: "Show all emotions, not only the strongest.")
    var all = false

    /// Canonical names of the categories; none: all of them.
    var names: [String] {
        get throws {
            guard let categories else { return [] }
            return try categories.split(separator: ",", omittingEmptySubsequences: false).map { part in
                let spelling = String(part.drop { $0 == " " })
                guard let category = Category(matching: spelling) else {
                    let hint = Category.explaining(spelling).map(\.name)
                    throw ValidationError("--categories has \(printable("\"\(spelling)\"")), which is none of EmoNet's 40 categories"
                                          + (hint.isEmpty ? "" : "; it is a word for \(hint.joined(separator: " and for "))"))
                }
                return category.name
            }
        }
    }

    func validate() throws {
        _ = try names
        try routing.validate(estimator: estimator)
        if let minReliability, !(minReliability >= -1 && minReliability <= 1) {
            throw ValidationError("--min-reliability is \(minReliability); it must be from -1 to 1")
        }
    }

    /// How many emotions to show, nil for as many as a report finds right.
    ///
    /// - Parameter top: As the user gave it.
    func shown(_ top: Int?) -> Int? { all ? .max : top }

    func validate(top: Int?) throws {
        guard let top else { return }
        guard (1...40).contains(top) else { throw ValidationError("--top is \(top); it must be from 1 to 40") }
        if all { throw ValidationError("--top and --all are given; one of them says how many to show") }
    }

    /// The native scores of a recording of the speaker's neutral voice, to compare others of the same speaker with.
    ///
    /// - Throws: `Failure` if it has no speech or cannot be read.
    func neutralScores(of file: String, _ client: Client) async throws -> [Proto.NativeScore] {
        let request = Proto.EstimateVoiceRequest(audio: .path(absolute(file)), estimator: estimator, options: .init(categories: try names),
                                                 routing: Proto.Routing(policy: routing.policy?.message ?? .unspecified))
        do {
            guard let estimate = try await client.estimateVoice(request).message.estimates.first else {
                throw Failure(printable("\(file): no speech was found, so there is nothing to compare with"), code: ExitStatus.noInput)
            }
            return estimate.nativeScores
        } catch let error as CallError where error.field == "path" || error.field == "audio" {
            throw Failure(printable(error.message.hasPrefix(absolute(file)) ? error.message : "\(file): \(error.message)"), code: ExitStatus.noInput)
        }
    }
}
