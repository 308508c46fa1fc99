@testable import mien
import Testing

@Suite struct TableTests {
    private let wide = Terminal(colours: false, unicode: true, width: nil, isInteractive: false)

    @Test func columnsAreAsWideAsTheirWidestCellAndLinesEndWithoutSpaces() {
        var table = Table([.init("NAME"), .init("COUNT", alignedRight: true), .init("NOTE")])
        table.add(["a", "1", ""])
        table.add(["long name", "1000", "x"])
        #expect(table.render(wide) == [
            "NAME       COUNT  NOTE",
            "a              1",
            "long name   1000  x",
        ])
    }

    @Test func theShrinkingColumnGivesWayOnANarrowTerminal() {
        var table = Table([.init("FILE", shrinks: true), .init("FACE")])
        table.add(["/a/very/long/path/to/some/photo.jpg", "1/1"])
        let lines = table.render(Terminal(colours: false, unicode: true, width: 24, isInteractive: true))
        #expect(lines == ["FILE                FACE", "/a/very/…photo.jpg  1/1"])
        #expect(lines.allSatisfy { displayWidth($0) <= 24 })
    }

    @Test func wideCharactersCountTwice() {
        var table = Table([.init("A"), .init("B")])
        table.add(["写真", "x"])
        table.add(["abcd", "y"])
        #expect(table.render(wide) == ["A     B", "写真  x", "abcd  y"])
    }

    @Test func coloursAppearOnATerminalOnlyAndDoNotDisturbTheColumns() {
        var table = Table([.init("A"), .init("B")])
        table.add([.init("x", .green), "y"])
        #expect(table.render(wide) == ["A  B", "x  y"])
        let coloured = table.render(Terminal(colours: true, unicode: true, width: 80, isInteractive: true))
        #expect(coloured[1] == "\u{1b}[32mx\u{1b}[0m  y")
    }

    @Test func controlCharactersFromOutsideAreNotPrinted() {
        var table = Table([.init("A")])
        table.add(["a\u{1b}[2J\nb"])
        #expect(table.render(wide)[1] == "a?[2J?b")
    }

    @Test(arguments: [(Float(0), ""), (1, "████"), (0.5, "██"), (0.03125, "▏"), (0.9, "███▋"), (.nan, ""), (-3, ""), (7, "████")])
    func barsShowEighths(value: Float, expected: String) {
        #expect(bar(value, cells: 4, unicode: true) == expected)
    }

    @Test(arguments: [(Float(0.995), 2, "1.00"), (0.004, 2, "0.00"), (-1.25, 1, "-1.3"), (12.5, 0, "13"), (.nan, 2, "nan"), (1e20, 2, "1e+20")])
    func numbersHaveFixedDigits(value: Float, digits: Int, expected: String) {
        #expect(fixed(value, digits) == expected)
    }

    @Test(arguments: [(Int64(0), "0 B"), (999, "999 B"), (1000, "1.0 kB"), (7_300_000, "7.3 MB"), (243_000, "243 kB"), (1_500_000_000, "1.5 GB")])
    func sizesAreInPowersOf1000(bytes: Int64, expected: String) {
        #expect(byteText(bytes) == expected)
    }

    @Test func aTextIsCutInItsMiddleWithTheEndKept() {
        #expect(shortened("abcdefghij", to: 10, unicode: true) == "abcdefghij")
        #expect(shortened("abcdefghij", to: 7, unicode: true) == "abc…hij")
        #expect(shortened("abcdefghij", to: 6, unicode: false) == "ab~hij")
        #expect(shortened("abcdefghij", to: 1, unicode: true) == "…")
    }
}
