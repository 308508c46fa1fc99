import MienEstimation
import Testing

@Suite struct CategoryTests {
    @Test func thereAreFortyCategoriesInAStableOrder() {
        #expect(Category.all.count == 40)
        #expect(Category.all.map(\.number) == Array(1...40))
        #expect(Category.all.first?.name == "Amusement")
        #expect(Category.all[12].name == "Astonishment/Surprise")
        #expect(Category.all[31].name == "Anger")
        #expect(Category.all.last?.name == "Jealousy & Envy")
        #expect(Set(Category.all.map(\.name)).count == 40)
    }

    @Test func constantsNameTheCategoriesTheySay() {
        #expect(Category.anger.name == "Anger")
        #expect(Category.elation.name == "Elation")
        #expect(Category.astonishment.name == "Astonishment/Surprise")
        #expect(Category.jealousy.name == "Jealousy & Envy")
        #expect(Category.impatience.name == "Impatience and Irritability")
        #expect(Category.fatigue.name == "Fatigue/Exhaustion")
    }

    @Test func everyCategoryBelongsToOneGroupAndHasDistinctWords() {
        #expect(CategoryGroup.allCases.flatMap(\.categories).sorted { $0.number < $1.number } == Category.all)
        #expect(CategoryGroup.allCases.map(\.categories.count) == [9, 6, 6, 10, 2, 4, 3])
        for category in Category.all {
            #expect(!category.words.isEmpty)
            #expect(Set(category.words).count == category.words.count, "\(category)")
            #expect(category.words.allSatisfy { !$0.isEmpty && $0.first != " " && $0.last != " " })
        }
        #expect(Category.awe.words == ["awe", "awestruck", "wonder"])
        #expect(Category.sadness.words.count == 11)
    }

    /// Canonical name, voice head file, face head file, benchmark label, in that order.
    @Test(arguments: [
        ["Pleasure/Ecstasy", "Pleasure_Ecstasy", "pleasure_ecstasy", "Pleasure"],
        ["Thankfulness/Gratitude", "Thankfulness_Gratitude", "thankfulness_gratitude", "Thankfulness"],
        ["Hope/Enthusiasm/Optimism", "Hope_Enthusiasm_Optimism", "hope_enthusiasm_optimism", "Hope"],
        ["Astonishment/Surprise", "Astonishment_Surprise", "astonishment_surprise", "Astonishment", "surprise"],
        ["Impatience and Irritability", "Impatience_and_Irritability", "impatience_and_irritability", "impatience"],
        ["Malevolence/Malice", "Malevolence_Malice", "malevolence_malice", "Malevolence"],
        ["Fatigue/Exhaustion", "Fatigue_Exhaustion", "fatigue_exhaustion", "Fatigue"],
        ["Intoxication/Altered States of Consciousness", "Intoxication_Altered_States_of_Consciousness", "Intoxication"],
        ["Jealousy & Envy", "Jealousy_&_Envy", "jealousy_&_envy", "Jealousy / Envy", "Jealousy___Envy", "Jealousy_and_Envy"],
        ["Emotional Numbness", "Emotional_Numbness", "emotional_numbness", "Negative Low-Energy|Emotional Numbness"],
        ["Sexual Lust", "Sexual_Lust", "sexual_lust", "SEXUAL LUST"],
    ])
    func everySpellingInUseIsUnderstood(spellings: [String]) {
        for spelling in spellings { #expect(Category(matching: spelling)?.name == spellings[0], "\(spelling)") }
    }

    @Test func everyCanonicalNameMatchesItself() {
        for category in Category.all { #expect(Category(matching: category.name) == category) }
    }

    @Test(arguments: ["", " ", "neutral", "Extra Dimensions|Arousal", "valence", "Anger|", "angerfear", "and", "&", "|"])
    func whatIsNoCategoryMatchesNone(spelling: String) {
        #expect(Category(matching: spelling) == nil)
    }

    @Test(arguments: [("happiness", ["Elation"]), ("Malicious envy", ["Bitterness", "Malevolence/Malice"]), ("neutral", []), ("", [])])
    func aWordLeadsToTheCategoriesThatItExplains(_ word: String, _ names: [String]) {
        #expect(Category.explaining(word).map(\.name) == names)
    }

    @Test func numbersOutsideTheTaxonomyAreRefused() {
        #expect(Category(number: 0) == nil)
        #expect(Category(number: 41) == nil)
        #expect(Category(number: Int.min) == nil)
        #expect(Category(number: 32) == .anger)
    }
}
