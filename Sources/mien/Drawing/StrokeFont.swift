/// A small font of lines and curves, drawn for this tool: legible from about 9 pixels up, and needing no font file.
///
/// The pen moves on a grid: the baseline is at height 3, small letters reach 8, capitals 11, tails go down to 0. A glyph is a list of
/// strokes; a stroke is a list of points, each two hexadecimal digits, column and height. A stroke that begins with `~` is a curve and one
/// that begins with `o` a closed curve, both drawn through the middles of their control polygon's edges.
struct StrokeFont {
    /// Height of a capital over the baseline, in grid units.
    static let capHeight: Float = 8
    /// From the lowest tail to the top of a capital.
    static let fullHeight: Float = 11
    static let baseline: Float = 3
    /// Between two glyphs.
    static let gap: Float = 2

    struct Glyph {
        var width: Float
        /// Each a polyline in grid units, x to the right, y up.
        var strokes: [[(x: Float, y: Float)]]
    }

    static func glyph(_ character: Character) -> Glyph {
        let (width, program) = programs[character] ?? (5, "03 53 5b 0b 03,03 5b")
        return Glyph(width: width, strokes: program.split(separator: ",").map(decode))
    }

    private static func decode(_ stroke: Substring) -> [(x: Float, y: Float)] {
        var digits = stroke
        let curved = digits.first == "~", closed = digits.first == "o"
        if curved || closed { digits.removeFirst() }
        var points = digits.split(separator: " ").map { pair in
            (x: Float(pair.first!.hexDigitValue!), y: Float(pair.last!.hexDigitValue!))
        }
        guard curved || closed else { return points }
        // Cutting every corner at a quarter and three quarters, again and again, tends to a quadratic spline.
        for _ in 0..<4 { points = cutCorners(points, closed: closed) }
        if closed { points.append(points[0]) }
        return points
    }

    private static func cutCorners(_ points: [(x: Float, y: Float)], closed: Bool) -> [(x: Float, y: Float)] {
        var result: [(x: Float, y: Float)] = closed ? [] : [points[0]]
        for index in 0..<(closed ? points.count : points.count - 1) {
            let a = points[index], b = points[(index + 1) % points.count]
            result.append((x: a.x * 0.75 + b.x * 0.25, y: a.y * 0.75 + b.y * 0.25))
            result.append((x: a.x * 0.25 + b.x * 0.75, y: a.y * 0.25 + b.y * 0.75))
        }
        if !closed { result.append(points[points.count - 1]) }
        return result
    }

    private static let programs: [Character: (Float, String)] = [
        " ": (3, ""),
        "A": (6, "03 3b 63,15 55"),
        "B": (5, "03 0b,~0b 3b 5b 57 37 07,~07 37 57 53 33 03"),
        "C": (6, "~6a 6b 0b 03 63 64"),
        "D": (6, "03 0b,~0b 2b 6b 63 23 03"),
        "E": (5, "5b 0b 03 53,07 47"),
        "F": (5, "5b 0b 03,07 47"),
        "G": (6, "~6a 6b 0b 03 63 65 67,67 47"),
        "H": (6, "03 0b,63 6b,07 67"),
        "I": (2, "13 1b"),
        "J": (4, "~4b 4b 43 03 05"),
        "K": (5, "03 0b,5b 06,27 53"),
        "L": (5, "0b 03 53"),
        "M": (8, "03 0b 44 8b 83"),
        "N": (6, "03 0b 63 6b"),
        "O": (7, "o03 73 7b 0b"),
        "P": (5, "03 0b,~0b 3b 5b 57 37 07"),
        "Q": (7, "o03 73 7b 0b,45 72"),
        "R": (5, "03 0b,~0b 3b 5b 57 37 07,27 53"),
        "S": (5, "~5a 5b 0b 07 57 53 03 04"),
        "T": (6, "0b 6b,3b 33"),
        "U": (6, "~0b 08 03 63 68 6b"),
        "V": (6, "0b 33 6b"),
        "W": (8, "0b 23 4a 63 8b"),
        "X": (6, "03 6b,0b 63"),
        "Y": (6, "0b 37 6b,37 33"),
        "Z": (6, "0b 6b 03 63"),
        "a": (5, "53 58,o03 53 58 08"),
        "b": (5, "03 0b,o03 53 58 08"),
        "c": (5, "~57 58 08 03 53 54"),
        "d": (5, "53 5b,o03 53 58 08"),
        "e": (5, "06 56,~56 58 08 03 53 54"),
        "f": (3, "~13 18 1b 3b,08 38"),
        "g": (5, "53 58,~58 54 50 00 01,o03 53 58 08"),
        "h": (5, "03 0b,~06 08 58 53"),
        "i": (1, "03 08,0a 0b"),
        "j": (2, "~18 12 10 00,1a 1b"),
        "k": (4, "03 0b,48 05,16 43"),
        "l": (2, "~0b 05 03 23"),
        "m": (8, "03 08,~06 08 48 43,~46 48 88 83"),
        "n": (5, "03 08,~06 08 58 53"),
        "o": (5, "o03 53 58 08"),
        "p": (5, "00 08,o03 53 58 08"),
        "q": (5, "50 58,o03 53 58 08"),
        "r": (3, "03 08,~06 08 38"),
        "s": (4, "~47 48 08 06 46 43 03 04"),
        "t": (3, "~1b 17 13 33,08 38"),
        "u": (5, "~08 03 53 56,53 58"),
        "v": (4, "08 23 48"),
        "w": (8, "08 23 47 63 88"),
        "x": (4, "03 48,08 43"),
        "y": (4, "08 23,48 10 00"),
        "z": (4, "08 48 03 43"),
        "0": (5, "o03 53 5b 0b"),
        "1": (3, "09 2b 23"),
        "2": (5, "~09 0b 5b 57 25 03,03 53"),
        "3": (5, "~0a 0b 5b 57 27,~27 57 53 03 04"),
        "4": (5, "43 4b 05 55"),
        "5": (5, "5b 0b 07,~07 58 53 03 04"),
        "6": (5, "~4b 1b 07 05,o03 53 58 08"),
        "7": (5, "0b 5b 13"),
        "8": (5, "o07 57 5b 0b,o03 53 57 07"),
        "9": (5, "~13 43 57 59,o06 56 5b 0b"),
        ".": (1, "03 04"),
        ",": (1, "14 12 01"),
        ":": (1, "03 04,07 08"),
        ";": (1, "02 04,07 08"),
        "!": (1, "03 04,06 0b"),
        "?": (4, "~09 0b 4b 48 27 26,23 24"),
        "'": (1, "0b 09"),
        "\"": (2, "0b 09,2b 29"),
        "(": (2, "~2c 08 06 22"),
        ")": (2, "~0c 28 26 02"),
        "[": (2, "2b 0b 03 23"),
        "]": (2, "0b 2b 23 03"),
        "/": (4, "02 4c"),
        "\\": (4, "0c 42"),
        "|": (1, "02 0c"),
        "-": (4, "07 47"),
        "_": (5, "02 52"),
        "+": (4, "07 47,25 29"),
        "=": (5, "05 55,08 58"),
        "*": (4, "26 2a,07 49,09 47"),
        "%": (7, "03 7b,o08 28 2b 0b,o53 73 76 56"),
        "&": (6, "~63 1a 0b 4b 48 06 03 43 66"),
        "#": (6, "13 2b,43 5b,06 66,09 69"),
        "<": (5, "59 06 53"),
        ">": (5, "09 56 03"),
        "@": (8, "o25 65 69 29,~68 64 86 8b 0b 03 73"),
    ]
}
