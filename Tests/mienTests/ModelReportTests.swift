@testable import mien
@testable import MienModels
import Testing

@Suite struct ModelReportTests {
    private static let catalogue = """
        {"schema": 1, "models": [
          {"id": "heads", "version": "1", "summary": "Some heads", "licence": "CC-BY-4.0", "attribution": "Somebody", "homepage": "https://example.org/", "optional": true,
           "repositories": [{"repo": "o/heads", "revision": "main", "folder": "heads", "files": ["model_*.pth"], "required": ["config.json"]}], "approximate_bytes": 13000000000},
          {"id": "face", "version": "2", "summary": "The packed face", "licence": "CC-BY-4.0", "attribution": "Somebody", "homepage": "https://example.org/", "packed_from": ["heads", "more"]}]}
        """
    private let terminal = Terminal(colours: false, unicode: true, width: nil, isInteractive: false)

    private func listings() throws -> [ModelStore.Listing] {
        ModelStore(home: "/nonexistent", catalogue: try ModelCatalogue.decode(Array(Self.catalogue.utf8))).list()
    }

    @Test func aTableTellsWhatIsAboutAndWhatIsNotMadeYet() throws {
        #expect(modelTable(try listings()).render(terminal) == [
            "MODEL  VERSION  STATE         SIZE  LICENCE    WHAT IT IS",
            "heads  1        optional    ~13 GB  CC-BY-4.0  Some heads",
            "face   2        not packed       -  CC-BY-4.0  The packed face",
        ])
    }

    @Test func detailsTellWhereFilesComeFrom() throws {
        let details = try listings().map { modelDetails($0, terminal) }
        #expect(details[0] == [
            "heads", "  Somebody", "  https://example.org/", "  /nonexistent/models/heads/1", "  heads/ from o/heads at main: config.json, model_*.pth",
            "  to install it: mien models pull heads",
        ])
        #expect(details[1].suffix(2) == ["  model.mien, packed on this machine from heads or more", "  to install it: mien models pull heads, then mien models pack face"])
    }

    @Test func aPullSaysWhichFileOfHowManyItIsAt() {
        var progress = PullProgress(model: "heads", file: "", phase: .listing, source: "o/heads", bytes: 0, total: 0)
        #expect(pullLabel(progress) == "heads: asking for the files of o/heads")
        progress.file = "heads/model_awe.pth"
        progress.phase = .downloading
        #expect(pullLabel(progress) == "heads/heads/model_awe.pth: downloading")
        progress.whole = PullProgress.Whole(file: 3, files: 46, bytes: 10, total: 100)
        #expect(pullLabel(progress) == "heads 3/46 heads/model_awe.pth: downloading")
    }
}
