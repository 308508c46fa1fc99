/// Several voice estimators as one. The first finds the speech; all read the same clips.
package struct CombinedVoiceEstimator: VoiceEstimator {
    private let combination: Combination<any VoiceEstimator>

    package init(_ combination: Combination<any VoiceEstimator>) { self.combination = combination }

    package var description: EstimatorDescription { combination.description }
    package var detector: any SpeechDetector { combination.members[0].estimator.detector }

    package func read(_ clips: [[Float]], options: VoiceReadingOptions, context: EstimationContext) throws -> [VoiceReading] {
        let said = try combination.members.map { try $0.estimator.read(clips, options: self.options(options, of: $0.estimator), context: context) }
        let shadows = try combination.askShadows(context) { try $0.read(clips, options: shadowOptions(options, of: $0), context: context) }
        return clips.indices.map { clip in join(said.map { $0[clip] }, shadows.map { $0.map { $0[clip] } }) }
    }

    package func combine(_ readings: [VoiceReading], options: VoiceReadingOptions) -> VoiceReading {
        let said = combination.members.enumerated().map { index, member in
            // One alone is itself, and has no members.
            member.estimator.combine(combination.members.count == 1 ? readings : readings.map { $0.members[index].value }, options: self.options(options, of: member.estimator))
        }
        let shadows = combination.shadows.enumerated().map { index, shadow in
            shadow.flatMap { estimator in Result { estimator.combine(try readings.map { try $0.shadows[index].result.get() }, options: shadowOptions(options, of: estimator)) } }
        }
        return join(said, shadows)
    }

    /// - Parameter said: What each member reads in the same clip.
    private func join(_ said: [VoiceReading], _ shadows: [Result<VoiceReading, any Error>]) -> VoiceReading {
        var reading = said[0]
        if said.count > 1 {
            reading = VoiceReading(
                categories: WeightedMean.categories(said.enumerated().map { combination.asVotes($1.categories, of: $0) }),
                dimensions: WeightedMean.dimensions(said.enumerated().map { (combination.members[$0].weight, $1.dimensions) }),
                nativeScores: [], predictionSet: nil, length: said[0].length, warnings: said.flatMap(\.warnings).firstOccurrences)
            reading.members = said.enumerated().map { MemberReading(index: $0, value: $1) }
        }
        reading.shadows = shadows.enumerated().map { ShadowReading(index: $0, result: $1) }
        return reading
    }

    /// A neutral voice's scores are one estimator's: an ensemble has none of its own.
    private func options(_ options: VoiceReadingOptions, of estimator: any VoiceEstimator) -> VoiceReadingOptions {
        VoiceReadingOptions(categories: Combination<any VoiceEstimator>.categories(options.categories, of: estimator.description), neutral: combination.members.count == 1 ? options.neutral : [])
    }

    private func shadowOptions(_ options: VoiceReadingOptions, of estimator: any VoiceEstimator) -> VoiceReadingOptions {
        VoiceReadingOptions(categories: Combination<any VoiceEstimator>.categories(options.categories, of: estimator.description))
    }
}
