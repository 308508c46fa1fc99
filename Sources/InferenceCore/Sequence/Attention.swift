internal import CInferenceKernels

/// Multi-head attention: for each head, `softmax(scale * q * k^T) * v`. The matrix of scores is never in memory: a thread works on a few
/// queries and a block of keys at a time.
///
/// The heads of a row lie side by side: head h has columns `h * head ..< (h + 1) * head`. Clips (items of a batch) follow one another.
package struct Attention: Sendable {
    package let heads: Int
    /// Columns of one head.
    package let head: Int
    private let scale: Float
    private let kernels: Kernels
    /// Queries that a thread takes at a time.
    private let piece: Int

    /// Those of one precision.
    private struct Kernels {
        let packedCount: @convention(c) (Int, Int) -> Int
        let pack: @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int, Int, Int, Int) -> Void
        let scratch: @convention(c) (Int, Int) -> Int
        let attend: @convention(c) (UnsafePointer<mien_attention>?) -> Void
        let block: Int

        init(_ processor: Processor) {
            let table = processor.kernels, quantized = table.quantized
            block = table.attention_block
            switch processor.precision {
            case .f32:
                (packedCount, pack, scratch) = (table.attention_packed_count, table.attention_pack, table.attention_scratch)
                attend = table.attention
            case .f16:
                (packedCount, pack, scratch) = (table.half_attention_packed_count, table.half_attention_pack, table.attention_scratch)
                attend = table.half_attention
            case .int8:
                (packedCount, pack, scratch) = (quantized.attention_packed_count, quantized.attention_pack, quantized.attention_scratch)
                attend = quantized.attention
            }
        }
    }

    /// - Parameter scale: Factor of the scores; nil for `1 / sqrt(head)`.
    package init(heads: Int, head: Int, scale: Float? = nil, on processor: Processor) {
        precondition(heads > 0 && head > 0, "\(heads) heads of \(head)")
        self.heads = heads
        self.head = head
        self.scale = scale ?? 1 / Float(head).squareRoot()
        kernels = Kernels(processor)
        piece = processor.rowPiece
    }

    /// Floats that the packed keys and values of `clips` clips take.
    package func packedCount(clips: Int, keys: Int) -> Int { clips * heads * share(keys) }

    /// Floats of scratch for each thread.
    package var scratchCount: Int { kernels.scratch(piece, head) }

    /// Packs keys and values for any number of `attend`.
    ///
    /// - Parameter k: Key j of clip c is at `(c * keys + j) * pitch`, its value at the same place of `v`.
    package func pack(
        clips: Int, keys: Int, k: UnsafePointer<Float>, v: UnsafePointer<Float>, pitch: Int, to packed: UnsafeMutablePointer<Float>,
        on machine: Machine
    ) {
        let blocks = (keys + kernels.block - 1) / kernels.block
        machine.parallelFor(clips * heads * blocks) { index, _ in
            let (place, block) = index.quotientAndRemainder(dividingBy: blocks)
            let (clip, h) = place.quotientAndRemainder(dividingBy: heads)
            let offset = clip * keys * pitch + h * head
            kernels.pack(packed + place * share(keys), k + offset, v + offset, block, keys, head, pitch)
        }
    }

    /// Computes the queries' results from packed keys and values.
    ///
    /// - Parameters:
    ///   - q: Query i of clip c is at `(c * queries + i) * pitch`.
    ///   - y: Likewise with `outputPitch`. May be `q` with its pitch: every query is read before its place is written.
    package func attend(
        clips: Int, queries: Int, q: UnsafePointer<Float>, pitch: Int, keys: Int, packed: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>,
        pitch outputPitch: Int, on machine: Machine
    ) {
        let pieces = (queries + self.piece - 1) / self.piece, piece = roundUp((queries + pieces - 1) / max(pieces, 1), to: 32)
        machine.parallelFor(clips * heads * pieces) { index, slot in
            let (place, part) = index.quotientAndRemainder(dividingBy: pieces)
            let (clip, h) = place.quotientAndRemainder(dividingBy: heads)
            let row = clip * queries + part * piece
            var work = mien_attention()
            work.queries = min(piece, queries - part * piece)
            work.keys = keys
            work.head = head
            work.q = q + row * pitch + h * head
            work.q_pitch = pitch
            work.packed = packed + place * share(keys)
            work.y = y + row * outputPitch + h * head
            work.y_pitch = outputPitch
            work.scale = scale
            work.tiled = queries >= 32
            work.scratch = machine.scratch(slot: slot)
            kernels.attend(&work)
        }
    }

    /// Floats for one head of one clip; whole cache lines.
    private func share(_ keys: Int) -> Int { roundUp(kernels.packedCount(keys, head), to: 16) }
}
