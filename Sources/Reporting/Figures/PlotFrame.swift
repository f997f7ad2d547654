/// The rectangle in which data is drawn, with its two axes.
struct PlotFrame {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
  var x: Axis
  var y: Axis

  var right: Double { left + width }
  var bottom: Double { top + height }

  /// Data coordinates to the drawing's.
  func place(_ xValue: Double, _ yValue: Double) -> (x: Double, y: Double) {
    (left + width * x.position(xValue), bottom - height * y.position(yValue))
  }

  func drawXAxis(_ title: String, on canvas: inout Canvas) {
    for tick in x.ticks {
      let at = place(tick, y.lower).x
      canvas.line(at, top, at, bottom, "h-grid")
      canvas.text(x.label(tick), at, bottom + 18, anchor: .middle, "h-quiet")
    }
    canvas.line(left, bottom, right, bottom, "h-axis")
    canvas.text(title, left + width / 2, bottom + 38, anchor: .middle)
  }

  func drawYAxis(_ title: String, on canvas: inout Canvas) {
    for tick in y.ticks {
      let at = place(x.lower, tick).y
      canvas.line(left, at, right, at, "h-grid")
      canvas.text(y.label(tick), left - 8, at + 4, anchor: .end, "h-quiet")
    }
    canvas.line(left, top, left, bottom, "h-axis")
    canvas.text(title, left - 42, top + height / 2, anchor: .middle, rotated: true)
  }
}
