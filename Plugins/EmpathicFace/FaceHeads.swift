import MienEstimation

/// What is published about the heads of Empathic Insight Face (LAION; EmoNet-Face, arXiv:2505.20033). MODEL_CARD.md names the sources.
enum FaceHeads {
    static let scale = NativeScale(minimum: 0, maximum: 7, meaning: "EmoNet face intensity")

    /// Mean score of neutral faces (`eval/results/ferd.jsonl` of LAION's repository). Without it every neutral face concentrates and is interested.
    static let neutral: [MienEstimation.Category: Float] = [
        .concentration: 4.0734, .interest: 2.5844, .contemplation: 1.9284, .contentment: 1.6622, .fatigue: 1.4637, .hope: 1.4605, .distress: 1.3484, .affection: 1.2722,
        .sadness: 1.2342, .doubt: 1.2271, .emotionalNumbness: 1.2058, .impatience: 1.0887, .disappointment: 0.7616, .infatuation: 0.7003, .anger: 0.6388,
        .confusion: 0.4789, .pride: 0.4602, .amusement: 0.3361, .bitterness: 0.2680, .helplessness: 0.2672, .embarrassment: 0.2285, .sexualLust: 0.2152,
        .astonishment: 0.1746, .shame: 0.1490, .longing: 0.1227, .malevolence: 0.1045, .thankfulness: 0.1032, .fear: 0.0981, .elation: 0.0775, .pleasure: 0.0732,
        .teasing: 0.0700, .contempt: 0.0533, .jealousy: 0.0273, .awe: 0.0234, .relief: 0.0146, .triumph: 0.0106, .disgust: 0.0089, .pain: 0.0078, .sourness: 0.0057,
        .intoxication: 0.0040,
    ]

    /// Agreement of human raters: quadratically weighted kappa of EmoNet-Face HQ, as far as it is published by category. Interest, concentration and
    /// contemplation are stated to be at or below 0, and stand here as 0.
    static let reliability: [MienEstimation.Category: Float] = [
        .elation: 0.584, .amusement: 0.556, .anger: 0.462, .astonishment: 0.436, .thankfulness: 0.300, .interest: 0, .concentration: 0, .contemplation: 0,
    ]

    /// Below it the estimator abstains by default. Half of the 0.2 that kappa is on average over the 40 categories.
    static let minimumReliability: Float = 0.1

    /// The heads beside the categories, with the words of their scales' ends (LAION's prompt for the ratings).
    static let attributes = [
        AttributeHead("valence", "Valence", -3...3, of: "EmoNet face valence", "extremely negative", "extremely positive", dimension: .valence),
        AttributeHead("arousal", "Arousal", 0...7, of: "EmoNet face arousal", "asleep", "extremely aroused", dimension: .arousal),
        AttributeHead("dominance", "Dominance", -3...3, of: "EmoNet face dominance", "extremely submissive", "extremely dominant", dimension: .dominance),
        AttributeHead("emotional_vulnerability", "Emotional Vulnerability", 0...5, of: "EmoNet face vulnerability", "extremely guarded", "extremely open"),
    ]

    /// As `neutral`, of these heads.
    static let neutralAttributes: [String: Float] = ["valence": -0.1530, "arousal": 2.7142, "dominance": 0.1049, "emotional_vulnerability": 1.8155]
}
