/// One of EmoNet's 40 emotion categories (LAION EmoNet taxonomy, arXiv 2505.20033).
///
/// The taxonomy is closed: values come from `Category.all`, from the constants in `Category+Names.swift`, or from `init(matching:)`.
package struct Category: Hashable, Sendable, CustomStringConvertible {
    /// 1...40, the taxonomy's own order. Stable: it may be stored.
    package let number: Int

    private init(known number: Int) { self.number = number }

    /// All 40, in the order of their numbers.
    package static let all: [Category] = (1...Taxonomy.entries.count).map(Category.init(known:))

    /// Canonical name: "Astonishment/Surprise".
    package var name: String { entry.name }
    /// The words that the taxonomy explains the category with, most of them nouns, in its order.
    package var words: [String] { entry.words }
    package var group: CategoryGroup { entry.group }
    package var description: String { name }

    private var entry: Taxonomy.Entry { Taxonomy.entries[number - 1] }

    /// The category that a number stands for, or `nil` outside 1...40.
    package init?(number: Int) {
        guard (1...Taxonomy.entries.count).contains(number) else { return nil }
        self.number = number
    }

    /// The category that a spelling stands for, or `nil` if there is none.
    ///
    /// Understood are the canonical names, the file names of the voice and face heads ("Pleasure_Ecstasy", "jealousy_&_envy"), the
    /// benchmark labels ("Hope", "Jealousy / Envy"), keys with a group prefix ("Negative|Anger"), and any one part of a name made of
    /// several ("surprise"). Case and punctuation do not matter. The words of `words` are not spellings: several of them belong to
    /// more than one category.
    package init?(matching spelling: String) {
        guard let number = Taxonomy.numbers[Taxonomy.key(spelling)] else { return nil }
        self.number = number
    }

    /// The categories that the taxonomy explains with this word, in whatever case: Elation for "happiness".
    package static func explaining(_ word: String) -> [Category] {
        let word = word.lowercased()
        return all.filter { $0.words.contains(word) }
    }
}

/// The seven groups in which EmoNet's annotation tool shows the categories.
package enum CategoryGroup: String, Sendable, CaseIterable {
    case positiveHighEnergy = "Positive High-Energy"
    case positiveLowEnergy = "Positive Low-Energy"
    case negativeHighEnergy = "Negative High-Energy"
    case negativeLowEnergy = "Negative Low-Energy"
    case cognitive = "Cognitive"
    case physical = "Physical"
    case longingAndLust = "Longing & Lust"

    /// In the order of their numbers.
    package var categories: [Category] { Category.all.filter { $0.group == self } }
}
