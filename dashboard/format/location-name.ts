import { LOCATIONS, type LocationId } from '#domain/check/location.ts';

const names = new Map<LocationId, string>(LOCATIONS.map(({ id, name }) => [id, name]));

/** Virginia, Frankfurt, …: what people call a location. */
export function locationName(id: LocationId): string {
  return names.get(id) ?? id;
}
