// An icon per loop, where a loop of somebody's own gets the plain one; and one per delivery.

const LOOPS = {
  smoke_single: "mdi:smoke-detector-variant-alert",
  smoke_multiple: "mdi:fire-alert",
  sprinkler_flow: "mdi:sprinkler-fire",
  fire_water_pressure: "mdi:fire-hydrant-alert",
  gas_leak: "mdi:gas-cylinder",
  electrical_fire: "mdi:flash-alert",
  fire_lane_blocked: "mdi:fire-truck",
  ebike_indoors: "mdi:bicycle-electric",
  waterlogging: "mdi:home-flood",
  pump_room_flood: "mdi:water-pump",
  water_supply_fault: "mdi:water-alert",
  manhole_moved: "mdi:circle-off-outline",
  square_dance_noise: "mdi:volume-high",
  renovation_noise: "mdi:hammer-screwdriver",
  garbage_overflow: "mdi:delete-alert",
  garbage_off_hours: "mdi:delete-clock",
  group_rental: "mdi:account-group",
  lock_tamper: "mdi:lock-alert",
  unit_door_open: "mdi:door-open",
  elder_no_activity: "mdi:human-cane",
  sos: "mdi:hand-back-right",
  night_intrusion: "mdi:shield-alert",
  illegal_renovation: "mdi:wall",
  lift_entrapment: "mdi:elevator-passenger",
  nonmotor_parking: "mdi:bicycle",
  garage_overstay: "mdi:car-clock",
  garage_air: "mdi:molecule-co",
  device_fault: "mdi:lan-disconnect",
};

/** How far a message got: its icon, and whether that is good or bad. */
export const DELIVERIES = {
  queued: ["mdi:tray-arrow-up", ""],
  sent: ["mdi:check", ""],
  delivered: ["mdi:check-all", "good"],
  failed: ["mdi:alert-circle", "bad"],
  cancelled: ["mdi:minus-circle-outline", ""],
  withheld: ["mdi:sleep", ""],
};

export const iconOf = (loop) => LOOPS[loop] ?? "mdi:alert";
