// Rows of settings: 0 to 5 of a parameter's group, what its value keeps, its
// rate and whether it learns; 6 the moments' shares, the second one's root of the
// bias and epsilon; 7 the loss scale, its inverse, the clip and what the average keeps.

fn group_of(i: u32) -> u32 { return u32(group_at(i / BLOCK, 0u).x); }

fn learns(i: u32) -> bool { return settings_at(group_of(i), 0u).z > 0.0; }
