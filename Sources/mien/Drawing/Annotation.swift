import MienMessages

/// Draws an answer onto its picture: boxes, landmarks and the strongest emotions.
enum Annotation {
    private static let palette: [Canvas.Colour] = [
        .init(64, 220, 140), .init(90, 170, 255), .init(255, 190, 70), .init(255, 110, 150), .init(190, 140, 255), .init(90, 225, 225),
    ]

    /// - Parameters:
    ///   - canvas: the picture at the size that the answer speaks of.
    ///   - top: emotions per face.
    static func draw(_ answer: Proto.EstimateFaceResponse, on canvas: inout Canvas, top: Int) {
        // Lines and letters that look the same whatever the resolution; legible on the smallest.
        let unit = max(Float(min(canvas.width, canvas.height)) / 480, 0.6)
        for (index, estimate) in answer.estimates.enumerated().reversed() {
            guard case .face(let face)? = estimate.subject, let box = face.box else { continue }
            let colour = palette[index % palette.count]
            let pen = max(2 * unit, 1)
            canvas.outline(left: box.left, top: box.top, width: box.width, height: box.height, pen: pen + 2, .init(0, 0, 0), opacity: 0.35)
            canvas.outline(left: box.left, top: box.top, width: box.width, height: box.height, pen: pen, colour)
            for landmark in face.landmarks {
                canvas.disc((landmark.x, landmark.y), radius: max(2.6 * unit, 1.6), .black)
                canvas.disc((landmark.x, landmark.y), radius: max(1.8 * unit, 1), colour)
            }
            label(Array(estimate.categories.filter { !$0.abstained }.prefix(top)), beside: box, unit: unit, colour: colour, on: &canvas)
        }
    }

    /// A panel with a line per emotion: under the box, or above it, or inside at its bottom, wherever there is room.
    private static func label(_ categories: [Proto.CategoryEstimate], beside box: Proto.Box, unit: Float, colour: Canvas.Colour, on canvas: inout Canvas) {
        guard !categories.isEmpty else { return }
        let size = max(9 * unit, 8), line = size * 1.9, padding = size * 0.6, barWidth = size * 5
        let names = categories.map(\.name)
        let textWidth = names.map { Canvas.textWidth($0, size: size) }.max() ?? 0
        let numberWidth = Canvas.textWidth("0.00", size: size)
        let width = textWidth + barWidth + numberWidth + padding * 4
        let height = line * Float(categories.count) + padding
        let limitX = max(Float(canvas.width) - width - 1, 1)
        let left = min(max(box.left, 1), limitX)
        let gap = 4 * unit
        let top: Float
        if box.top + box.height + gap + height <= Float(canvas.height) {
            top = box.top + box.height + gap
        } else if box.top - gap - height >= 0 {
            top = box.top - gap - height
        } else {
            top = max(min(box.top + box.height - height - gap, Float(canvas.height) - height), 0)
        }
        canvas.fill(left: left, top: top, width: width, height: height, .init(12, 14, 18), opacity: 0.78)
        for (index, category) in categories.enumerated() {
            let y = top + padding + Float(index) * line
            canvas.text(category.name, left: left + padding, top: y, size: size, index == 0 ? .white : .init(205, 205, 205))
            let barLeft = left + padding * 2 + textWidth
            let value = category.intensity.isFinite ? min(max(category.intensity, 0), 1) : 0
            canvas.fill(left: barLeft, top: y, width: barWidth, height: size, .init(255, 255, 255), opacity: 0.16)
            canvas.fill(left: barLeft, top: y, width: barWidth * value, height: size, colour)
            canvas.text(fixed(value, 2), left: barLeft + barWidth + padding, top: y, size: size, .init(205, 205, 205))
        }
    }
}
