"""Names of LAION's EmoNet (guide.json of EmoNet-Face; CC BY 4.0, LAION e.V.), as Sources/MienEstimation/Taxonomy.swift has them."""

CATEGORIES = (
    "Amusement", "Elation", "Pleasure/Ecstasy", "Contentment", "Thankfulness/Gratitude", "Affection", "Infatuation",
    "Hope/Enthusiasm/Optimism", "Triumph", "Pride", "Interest", "Awe", "Astonishment/Surprise", "Concentration", "Contemplation", "Relief",
    "Longing", "Teasing", "Impatience and Irritability", "Sexual Lust", "Doubt", "Fear", "Distress", "Confusion", "Embarrassment", "Shame",
    "Disappointment", "Sadness", "Bitterness", "Contempt", "Disgust", "Anger", "Malevolence/Malice", "Sourness", "Pain", "Helplessness",
    "Fatigue/Exhaustion", "Emotional Numbness", "Intoxication/Altered States of Consciousness", "Jealousy & Envy",
)
DIMENSIONS = ("valence", "arousal", "dominance")
