/// The table behind `Category`: names, groups and words of LAION's EmoNet (guide.json of EmoNet-Face; CC BY 4.0, LAION e.V.), with
/// repeated words within one category left out.
enum Taxonomy {
    struct Entry: Sendable {
        let name: String
        let group: CategoryGroup
        let words: [String]

        init(_ name: String, _ group: CategoryGroup, _ words: String) {
            self.name = name
            self.group = group
            self.words = words.split(separator: ",").map { word in String(word.drop { $0 == " " }) }
        }
    }

    /// Index + 1 is the category's number.
    static let entries: [Entry] = [
        Entry("Amusement", .positiveHighEnergy,
              "lighthearted fun, amusement, mirth, joviality, laughter, playfulness, silliness, jesting, delight"),
        Entry("Elation", .positiveHighEnergy,
              "happiness, excitement, joy, exhilaration, laughter, jubilation, cheerfulness"),
        Entry("Pleasure/Ecstasy", .positiveHighEnergy,
              "ecstasy, pleasure, bliss, beatitude"),
        Entry("Contentment", .positiveLowEnergy,
              "contentment, relaxation, peacefulness, calmness, satisfaction, ease, serenity, bliss, "
                + "fulfillment, gladness, lightness, tranquility"),
        Entry("Thankfulness/Gratitude", .positiveLowEnergy,
              "thankfulness, gratitude, appreciation, gratefulness"),
        Entry("Affection", .positiveLowEnergy,
              "sympathy, compassion, warmth, trust, caring, forgiveness, devotion, tenderness, reverence"),
        Entry("Infatuation", .longingAndLust,
              "infatuation, having a crush, romantic desire, fondness, butterflies in the stomach, adoration"),
        Entry("Hope/Enthusiasm/Optimism", .positiveHighEnergy,
              "hope, enthusiasm, optimism, anticipation, courage, encouragement, zeal, fervor, inspiration, determination"),
        Entry("Triumph", .positiveHighEnergy,
              "triumph, superiority, hubris"),
        Entry("Pride", .positiveLowEnergy,
              "pride, dignity, self-confidently, honor, self-consciousness"),
        Entry("Interest", .positiveHighEnergy,
              "interest, fascination, curiosity, need for cognition"),
        Entry("Awe", .positiveHighEnergy,
              "awe, awestruck, wonder"),
        Entry("Astonishment/Surprise", .positiveHighEnergy,
              "astonishment, surprise, amazement, shock, startlement"),
        Entry("Concentration", .cognitive,
              "concentration, deep focus, engrossment, absorption, attention"),
        Entry("Contemplation", .positiveLowEnergy,
              "contemplation, thoughtfulness, pondering, reflection, meditation, brooding, pensiveness"),
        Entry("Relief", .positiveLowEnergy,
              "relief, respite, alleviation, solace, comfort, liberation"),
        Entry("Longing", .longingAndLust,
              "yearning, longing, pining, wistfulness, nostalgia, craving, desire, benign envy, homesickness"),
        Entry("Teasing", .positiveHighEnergy,
              "teasing, bantering, mocking playfully, ribbing, provoking lightly"),
        Entry("Impatience and Irritability", .negativeHighEnergy,
              "impatience, irritability, irritation, restlessness, short-temperedness, exasperation"),
        Entry("Sexual Lust", .longingAndLust,
              "sexual lust, carnal desire, lust, feeling horny, feeling turned on"),
        Entry("Doubt", .negativeLowEnergy,
              "doubt, distrust, suspicion, skepticism, uncertainty, pessimism"),
        Entry("Fear", .negativeHighEnergy,
              "fear, terror, dread, apprehension, alarm, horror, panic, nervousness"),
        Entry("Distress", .negativeHighEnergy,
              "worry, anxiety, unease, anguish, trepidation, concern, upset, pessimism, foreboding"),
        Entry("Confusion", .cognitive,
              "confusion, bewilderment, disorientation, perplexity"),
        Entry("Embarrassment", .negativeLowEnergy,
              "embarrassment, shyness, mortification, discomfiture, awkwardness, self-consciousness"),
        Entry("Shame", .negativeLowEnergy,
              "shame, guilt, remorse, humiliation, contrition"),
        Entry("Disappointment", .negativeLowEnergy,
              "disappointment, regret, dismay, letdown, chagrin"),
        Entry("Sadness", .negativeLowEnergy,
              "sadness, sorrow, grief, melancholy, dejection, despair, self-pity, sullenness, heartache, mournfulness, misery"),
        Entry("Bitterness", .negativeLowEnergy,
              "resentment, acrimony, bitterness, cynicism, rancor, malicious envy"),
        Entry("Contempt", .negativeLowEnergy,
              "contempt, disapproval, scorn, disdain, loathing, detestation"),
        Entry("Disgust", .negativeHighEnergy,
              "disgust, revulsion, repulsion, abhorrence, loathing"),
        Entry("Anger", .negativeHighEnergy,
              "anger, rage, fury, hate, irascibility, enragement, wrath, annoyance"),
        Entry("Malevolence/Malice", .negativeHighEnergy,
              "spite, sadism, malevolence, malice, malicious envy, revenge, desire to harm, schadenfreude"),
        Entry("Sourness", .physical,
              "sourness, tartness, acidity, acerbity, sharpness"),
        Entry("Pain", .physical,
              "physical pain, suffering, torment, ache, agony"),
        Entry("Helplessness", .negativeLowEnergy,
              "helplessness, hopelessness, powerlessness, desperation, submission"),
        Entry("Fatigue/Exhaustion", .physical,
              "fatigue, exhaustion, weariness, lethargy, burnout"),
        Entry("Emotional Numbness", .negativeLowEnergy,
              "numbness, detachment, insensitivity, emotional blunting, apathy, existential void, boredom, "
                + "stoicism, indifference"),
        Entry("Intoxication/Altered States of Consciousness", .physical,
              "being drunk, stupor, intoxication, disorientation, altered perception"),
        Entry("Jealousy & Envy", .negativeLowEnergy,
              "jealousy, envy, covetousness"),
    ]

    /// Numbers by `key` of every spelling.
    static let numbers: [String: Int] = {
        var numbers: [String: Int] = [:]
        for (index, entry) in entries.enumerated() {
            numbers[key(entry.name)] = index + 1
            for part in parts(of: entry.name) { numbers[key(part)] = index + 1 }
        }
        return numbers
    }()

    /// What is left of a spelling when everything that varies is gone: the part after a group prefix ("Group|Name"), in lower case, its
    /// words joined by single blanks, without "and".
    static func key(_ spelling: String) -> String {
        let name = spelling.split(separator: "|", omittingEmptySubsequences: false).last ?? ""
        return name.lowercased().split { !$0.isLetter }.filter { $0 != "and" }.joined(separator: " ")
    }

    /// "Malevolence/Malice" is also called by either half, "Impatience and Irritability" and "Jealousy & Envy" too.
    private static func parts(of name: String) -> [String] {
        var parts = [""]
        for word in name.split(whereSeparator: { $0 == " " || $0 == "/" }) {
            if word == "and" || word == "&" { parts.append("") } else { parts[parts.count - 1] += " " + word }
        }
        guard parts.count == 1 else { return parts }
        return name.split(separator: "/").map(String.init)
    }
}
