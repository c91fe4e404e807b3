"""Draws the pictures of this folder: one field of invented cells, saved in the
ways that Go's encoder does not write. Needs Pillow 11; run in this folder."""
from PIL import Image, ImageDraw

W, H = 96, 72
field = Image.new("RGB", (W * 4, H * 4), (236, 224, 228))
pen = ImageDraw.Draw(field)
for x, y, r, colour in [
    (90, 80, 46, (214, 150, 160)),
    (250, 60, 40, (206, 140, 152)),
    (320, 200, 44, (220, 160, 165)),
    (110, 210, 58, (120, 70, 150)),
    (230, 160, 36, (210, 146, 155)),
]:
    pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
pen.ellipse((84, 186, 138, 240), fill=(80, 40, 120))
field = field.resize((W, H), Image.LANCZOS)

field.save("baseline.jpg", quality=80, subsampling=0)
field.save("baseline-420.jpg", quality=80, subsampling=2)
field.save("progressive.jpg", quality=80, subsampling=2, progressive=True)
field.save("restart.jpg", quality=80, restart_marker_rows=1)
field.convert("L").save("grey.jpg", quality=80)
field.convert("L").save("grey-progressive.jpg", quality=80, progressive=True)
field.convert("CMYK").save("cmyk.jpg", quality=80)
