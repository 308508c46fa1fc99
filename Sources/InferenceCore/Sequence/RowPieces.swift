extension Machine {
    /// Rows that one thread takes at a time: enough that weights are read from the cache many times, few enough that the rows, and what is
    /// made of them on the way, stay in it. A whole number of every table's product tiles.
    static let rowPiece = 96

    /// Cuts `count` rows into pieces, the same whatever the number of threads.
    func parallelRows(_ count: Int, _ body: (_ rows: Range<Int>, _ slot: Int) -> Void) {
        let piece = Self.rowPiece
        parallelFor((count + piece - 1) / piece) { index, slot in
            body(index * piece..<min((index + 1) * piece, count), slot)
        }
    }
}
