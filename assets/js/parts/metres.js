// How far two points [latitude, longitude] lie apart, as the crow flies: flat, which is exact enough within a district.
const DEGREE_M = 111320;

export const metres = (one, other) => Math.hypot(one[0] - other[0], (one[1] - other[1]) * Math.cos((one[0] * Math.PI) / 180)) * DEGREE_M;
