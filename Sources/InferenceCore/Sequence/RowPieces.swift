internal import CInferenceKernels

extension Machine {
    /// Fewer rows than this do not keep a thread busy between two passes over the weights.
    static let leastRowPiece = 96

    /// Cuts `count` rows into even pieces of at most `rowPiece`. A row's result does not depend on how it is cut.
    func parallelRows(_ count: Int, _ body: (_ rows: Range<Int>, _ slot: Int) -> Void) {
        let piece = rowPiece(for: count)
        parallelFor((count + piece - 1) / piece) { index, slot in
            body(index * piece..<min((index + 1) * piece, count), slot)
        }
    }

    /// As many pieces as the rows need, or some more, so that all threads have as many.
    private func rowPiece(for count: Int) -> Int {
        let fewest = (count + rowPiece - 1) / rowPiece, most = max(fewest, count / Self.leastRowPiece)
        let pieces = max(1, min(roundUp(fewest, to: threads), most))
        return min(rowPiece, roundUp((count + pieces - 1) / pieces, to: 32))
    }
}

extension Processor {
    /// Rows that one thread takes at a time: enough that weights are read from the cache many times, few enough that the rows, and what is
    /// made of them on the way, stay in it. A multiple of 32.
    var rowPiece: Int { precision == .int8 ? Machine.leastRowPiece : kernels.row_piece }
}
