import MienEstimation
import MienMedia

extension Detection {
    /// The detector fits its boxes to what it sees of a face, so a cut face shows mostly in a box that ends at the edge.
    func isAtEdge(of picture: Picture) -> Bool {
        let gap = min(box.left, box.top, Float(picture.originalWidth) - box.right, Float(picture.originalHeight) - box.bottom)
        return visible < 0.95 || gap < 0.05 * min(box.width, box.height)
    }
}

extension Box {
    var right: Float { left + width }
    var bottom: Float { top + height }
    var area: Float { width * height }

    /// Area that both cover.
    func intersection(_ other: Box) -> Float {
        max(0, min(right, other.right) - max(left, other.left)) * max(0, min(bottom, other.bottom) - max(top, other.top))
    }

    func scaled(by factor: Float) -> Box { Box(left: left * factor, top: top * factor, width: width * factor, height: height * factor) }
}
