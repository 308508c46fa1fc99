extension [CategoryEstimate] {
    /// The strongest first. Where intensities are alike, as all are at an end of a scale, what is further above neutral comes first, then the higher native
    /// score, then the order of the taxonomy.
    package var strongestFirst: [CategoryEstimate] {
        func place(_ estimate: CategoryEstimate) -> (Float, Float, Float, Int) {
            (estimate.intensity, estimate.aboveNeutral ?? -.infinity, estimate.nativeScore, -estimate.category.number)
        }
        return sorted { place($0) > place($1) }
    }

    /// Withholds the interpretation of categories about which human raters agree too little: whatever a model says there, nobody could tell
    /// whether it is right.
    ///
    /// - Parameter reliability: Least `raterReliability`, -1...1. A category whose reliability is not known is kept; nil keeps all.
    /// - Returns: The others as they were, and behind them those that are withheld, both in the order they had. Of the latter the facts stay (native
    ///   score, above neutral, reliability); `abstains` is true, the intensity 0, and there is no probability. What abstains already is among them.
    package func abstaining(below reliability: Float?) -> [CategoryEstimate] {
        var kept: [CategoryEstimate] = [], withheld: [CategoryEstimate] = []
        for var estimate in self {
            if estimate.abstains {
                withheld.append(estimate)
            } else if let reliability, let known = estimate.raterReliability, known < reliability {
                estimate.abstains = true
                estimate.intensity = 0
                estimate.calibratedProbability = nil
                withheld.append(estimate)
            } else {
                kept.append(estimate)
            }
        }
        return kept + withheld
    }
}
