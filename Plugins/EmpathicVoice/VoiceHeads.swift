import MienEstimation

/// What is published about the heads of Empathic Insight Voice (LAION; EmoNet-Voice, arXiv:2506.09827). MODEL_CARD.md names the sources.
enum VoiceHeads {
    static let scale = NativeScale(minimum: 0, maximum: 4, meaning: "EmoNet voice intensity")

    /// Krippendorff's alpha of EmoNet-Voice Bench's raters, as far as it is at hand by category. Concentration and contemplation are stated to be at or
    /// below 0, and stand here as 0.
    static let reliability: [MienEstimation.Category: Float] = [
        .embarrassment: 0.272, .teasing: 0.271, .pain: 0.247, .anger: 0.220, .hope: -0.005, .longing: -0.046, .interest: -0.094, .emotionalNumbness: -0.099,
        .awe: -0.127, .concentration: 0, .contemplation: 0,
    ]

    /// Below it the estimator abstains by default. A third of the 0.138 that alpha is over all categories.
    static let minimumReliability: Float = 0.05

    struct Attribute: Sendable {
        let head: String
        let name: String
        let scale: NativeScale
        let lowEnd: String, highEnd: String
        var dimension: Dimension?

        init(_ head: String, _ name: String, _ range: ClosedRange<Float>, _ lowEnd: String, _ highEnd: String, dimension: Dimension? = nil) {
            self.head = head
            self.name = name
            scale = NativeScale(minimum: range.lowerBound, maximum: range.upperBound, meaning: "EmoNet voice attribute")
            self.lowEnd = lowEnd
            self.highEnd = highEnd
            self.dimension = dimension
        }
    }

    /// The heads beside the categories. The ends are those of LAION's Voice-Acting-Pipeline; several run against the order of their names.
    static let attributes: [Attribute] = [
        Attribute("Valence", "Valence", -3...3, "very negative", "very positive", dimension: .valence),
        Attribute("Arousal", "Arousal", 0...4, "very calm", "very excited", dimension: .arousal),
        Attribute("Submissive_vs._Dominant", "Submissive vs. Dominant", -3...3, "submissive", "dominant", dimension: .dominance),
        Attribute("Age", "Age", 0...6, "infant", "very old"),
        Attribute("Gender", "Gender", -2...2, "masculine", "feminine"),
        Attribute("Serious_vs._Humorous", "Serious vs. Humorous", 0...4, "serious", "humorous"),
        Attribute("Vulnerable_vs._Emotionally_Detached", "Vulnerable vs. Emotionally Detached", 0...4, "vulnerable", "detached"),
        Attribute("Confident_vs._Hesitant", "Confident vs. Hesitant", 0...4, "confident", "hesitant"),
        Attribute("Warm_vs._Cold", "Warm vs. Cold", -2...2, "cold", "warm"),
        Attribute("Monotone_vs._Expressive", "Monotone vs. Expressive", 0...4, "monotone", "expressive"),
        // Published sources contradict each other, so that neither end is named.
        Attribute("High-Pitched_vs._Low-Pitched", "High-Pitched vs. Low-Pitched", 0...4, "disputed", "disputed"),
        Attribute("Soft_vs._Harsh", "Soft vs. Harsh", -2...2, "harsh", "soft"),
        Attribute("Authenticity", "Authenticity", 0...4, "artificial", "genuine"),
        Attribute("Recording_Quality", "Recording Quality", 0...4, "low", "high"),
        Attribute("Background_Noise", "Background Noise", 0...3, "none", "intense"),
        // Those of Plus, which read pooled states.
        Attribute("score_overall_quality", "Overall Quality", 1...5, "bad", "excellent"),
        Attribute("score_speech_quality", "Speech Quality", 1...5, "bad", "excellent"),
        Attribute("score_background_quality", "Background Quality", 1...5, "bad", "excellent"),
        Attribute("score_content_enjoyment", "Content Enjoyment", 1...5, "bad", "excellent"),
    ]
}
