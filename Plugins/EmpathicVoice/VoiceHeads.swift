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

    /// The heads beside the categories. The ends are those of LAION's Voice-Acting-Pipeline; several run against the order of their names.
    static let attributes = [
        attribute("Valence", "Valence", -3...3, "very negative", "very positive", dimension: .valence),
        attribute("Arousal", "Arousal", 0...4, "very calm", "very excited", dimension: .arousal),
        attribute("Submissive_vs._Dominant", "Submissive vs. Dominant", -3...3, "submissive", "dominant", dimension: .dominance),
        attribute("Age", "Age", 0...6, "infant", "very old"),
        attribute("Gender", "Gender", -2...2, "masculine", "feminine"),
        attribute("Serious_vs._Humorous", "Serious vs. Humorous", 0...4, "serious", "humorous"),
        attribute("Vulnerable_vs._Emotionally_Detached", "Vulnerable vs. Emotionally Detached", 0...4, "vulnerable", "detached"),
        attribute("Confident_vs._Hesitant", "Confident vs. Hesitant", 0...4, "confident", "hesitant"),
        attribute("Warm_vs._Cold", "Warm vs. Cold", -2...2, "cold", "warm"),
        attribute("Monotone_vs._Expressive", "Monotone vs. Expressive", 0...4, "monotone", "expressive"),
        // Published sources contradict each other, so that neither end is named.
        attribute("High-Pitched_vs._Low-Pitched", "High-Pitched vs. Low-Pitched", 0...4, "disputed", "disputed"),
        attribute("Soft_vs._Harsh", "Soft vs. Harsh", -2...2, "harsh", "soft"),
        attribute("Authenticity", "Authenticity", 0...4, "artificial", "genuine"),
        attribute("Recording_Quality", "Recording Quality", 0...4, "low", "high"),
        attribute("Background_Noise", "Background Noise", 0...3, "none", "intense"),
        // Those of Plus, which read pooled states.
        attribute("score_overall_quality", "Overall Quality", 1...5, "bad", "excellent"),
        attribute("score_speech_quality", "Speech Quality", 1...5, "bad", "excellent"),
        attribute("score_background_quality", "Background Quality", 1...5, "bad", "excellent"),
        attribute("score_content_enjoyment", "Content Enjoyment", 1...5, "bad", "excellent"),
    ]

    private static func attribute(
        _ label: String, _ name: String, _ range: ClosedRange<Float>, _ lowEnd: String, _ highEnd: String, dimension: Dimension? = nil
    ) -> AttributeHead {
        AttributeHead(label, name, range, of: "EmoNet voice attribute", lowEnd, highEnd, dimension: dimension)
    }
}
